"""
Forms of the desk: what people type, turned into what the rules take.

fields read percentages, days and pasted articles; seen keeps two people from
overwriting each other; codes, products and sellers are the pages' own. The rules say
what is wrong; the sentence stands beside the field.
"""

from promos.forms.codes import MadeForm, PromoCodeForm, SuccessorForm, WhyForm
from promos.forms.fields import (
    AmountField,
    ArticlesField,
    FirstDayField,
    LastDayField,
    PercentField,
)
from promos.forms.products import CalculatorForm, ProductForm
from promos.forms.seen import SeenForm
from promos.forms.sellers import (
    DryRunForm,
    MembershipForm,
    NewMemberForm,
    NewTokenForm,
    ShopForm,
)

__all__ = [
    "AmountField",
    "ArticlesField",
    "CalculatorForm",
    "DryRunForm",
    "FirstDayField",
    "LastDayField",
    "MadeForm",
    "MembershipForm",
    "NewMemberForm",
    "NewTokenForm",
    "PercentField",
    "ProductForm",
    "PromoCodeForm",
    "SeenForm",
    "ShopForm",
    "SuccessorForm",
    "WhyForm",
]
