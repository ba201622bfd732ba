"""
One row of each kind as WB's documentation prints it, to be filled in by name.

Keys that begin with an underscore are the simulator's own and never answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GOOD: Mapping[str, Any] = {
    "vendorCode": "07326060",
    "currencyIsoCode4217": "RUB",
    "clubDiscount": 0,
    "editableSizePrice": False,
    "wholesaleDiscountThreshold": None,
}

CARD: Mapping[str, Any] = {
    "imtID": 123654789,
    "nmUUID": "01bda0b1-5c0b-736c-b2be-d0a6543e9be",
    "needKiz": False,
    "kizMarked": False,
    "video": "",
    "dimensions": {"length": 55, "width": 40, "height": 15, "weightBrutto": 6.24},
    "characteristics": [{"id": 14177449, "name": "Цвет", "value": ["белый"]}],
    "tags": [],
    "createdAt": "2023-12-06T11:17:00.96577Z",
}

COMMISSION: Mapping[str, Any] = {
    "kgvpBooking": 14.5,
    "kgvpMarketplace": 15.5,
    "kgvpPickup": 14.5,
    "kgvpSupplier": 12.5,
    "kgvpSupplierExpress": 3,
    "paidStorageKgvp": 15.5,
    "parentID": 657,
    "parentName": "Бытовая техника",
    "subjectID": 6461,
    "subjectName": "Мини-печи",
}

PROMOTION: Mapping[str, Any] = {
    "name": "ХИТЫ ГОДА",
    "description": "В акции принимают участие самые популярные товары.",
    "advantages": ["Плашка", "Баннер", "Топ выдачи товаров"],
    "type": "regular",
    "exceptionProductsCount": 0,
    "ranging": [
        {"condition": "productsInPromotion", "participationRate": 10, "boost": 7}
    ],
}

REPORT_LINE: Mapping[str, Any] = {
    "reportId": 1234567,
    "dateFrom": "2026-03-16",
    "dateTo": "2026-03-22",
    "createDate": "2026-03-23",
    "currency": "RUB",
    "reportType": 1,
    "giId": 123456,
    "dlvPrc": 1.8,
    "fixTariffDateFrom": "2026-03-18",
    "fixTariffDateTo": "2026-03-19",
    "subjectName": "Мини-печи",
    "nmId": 1234567,
    "brandName": "BlahBlah",
    "vendorCode": "MAB123",
    "title": "Мини-печь",
    "techSize": "0",
    "sku": "1231312352310",
    "docTypeName": "Продажа",
    "quantity": 1,
    "retailPrice": "1249",
    "retailAmount": "367",
    "salePercent": 68,
    "commissionPercent": 24,
    "officeName": "Склад WB",
    "sellerOperName": "Продажа",
    "orderDt": "2026-03-14T00:00:00Z",
    "saleDt": "2026-03-21T00:00:00Z",
    "rrDate": "2026-03-21",
    "shkId": 1239159661,
    "retailPriceWithDisc": "399.68",
    "deliveryAmount": 0,
    "returnAmount": 0,
    "deliveryService": "0",
    "giBoxTypeName": "Монопаллета",
    "productDiscountForReport": 68,
    "sellerPromo": 0,
    "spp": 8.18,
    "kvwBase": 24.15,
    "kvw": 1.81,
    "supRatingUp": 0,
    "isKgvpV2": 0,
    "ppvzSalesCommission": "23.74",
    "forPay": "376.99",
    "ppvzReward": "0",
    "acquiringFee": "14.89",
    "acquiringPercent": 4.06,
    "paymentProcessing": "Комиссия за организацию платежа с НДС",
    "acquiringBank": "Вайлдберриз Банк",
    "vw": "22.25",
    "vwNds": "4.45",
    "ppvzOfficeName": "Москва Очаковское шоссе 6к2",
    "ppvzOfficeId": 105383,
    "declarationNumber": "",
    "stickerId": "1964038895",
    "country": "Россия",
    "srvDbs": False,
    "penalty": "0",
    "additionalPayment": "0",
    "rebillLogisticCost": "0",
    "paidStorage": "0",
    "deduction": "0",
    "paidAcceptance": "0",
    "orderId": 2816993144,
    "isB2b": False,
    "trbxId": "",
    "installmentCofinancingAmount": "0",
    "wibesDiscountPercent": 0,
    "cashbackAmount": "0",
    "cashbackDiscount": "0",
    "cashbackCommissionChange": "0",
    "paymentSchedule": "-1",
    "deliveryMethod": "FBS, (МГТ)",
    "sellerPromoId": 0,
    "sellerPromoDiscount": 0,
    "loyaltyId": 0,
    "loyaltyDiscount": 0,
    "uuidPromocode": "",
    "salePricePromocodeDiscountPrc": 0,
    "articleSubstitution": "",
    "salePriceAffiliatedDiscountPrc": 0,
    "salePriceWholesaleDiscountPrc": 0,
    "paidWithSocialCertificate": False,
    "warehouseLogisticsCoeff": 0,
    "_period": "weekly",
}

REPORT: Mapping[str, Any] = {
    "sellerFinanceName": "ИП Кружинин В. Р.",
    "dateFrom": "2026-03-16",
    "dateTo": "2026-03-22",
    "createDate": "2026-03-23",
    "currency": "RUB",
    "reportType": 1,
    "retailAmountSum": "258",
    "forPaySum": "183.79",
    "avgSalePercent": 0,
    "deliveryServiceSum": "0",
    "paidStorageSum": "0",
    "paidAcceptanceSum": "0",
    "deductionSum": "0",
    "penaltySum": "0",
    "additionalPaymentSum": "0",
    "cashbackAmountSum": "0",
    "cashbackDiscountSum": "0",
    "cashbackCommissionChangeSum": "0",
    "paymentSchedule": "-1",
    "bankPaymentSum": "183.79",
    "_period": "weekly",
}

_STATISTICS: Mapping[str, Any] = {
    "date": "2026-03-04T18:08:31",
    "lastChangeDate": "2026-03-06T10:11:07",
    "warehouseName": "Подольск",
    "warehouseType": "Склад продавца",
    "countryName": "Россия",
    "oblastOkrugName": "Центральный федеральный округ",
    "regionName": "Московская",
    "supplierArticle": "12345",
    "nmId": 1234567,
    "barcode": "123453559000",
    "category": "Бытовая техника",
    "subject": "Мини-печи",
    "brand": "Тест",
    "techSize": "0",
    "incomeID": 56735459,
    "isSupply": False,
    "isRealization": True,
    "totalPrice": 1887,
    "discountPercent": 18,
    "spp": 26,
    "finishedPrice": 1145,
    "priceWithDisc": 1547,
    "sticker": "926912515",
    "gNumber": "34343462218572569531",
}

SALE: Mapping[str, Any] = {
    **_STATISTICS,
    "paymentSaleAmount": 93,
    "forPay": 1284.01,
    "saleID": "S9993700024",
}

ORDER: Mapping[str, Any] = {
    **_STATISTICS,
    "isCancel": False,
    "cancelDate": "0001-01-01T00:00:00",
}

FEED_ORDER: Mapping[str, Any] = {
    "nmId": 47254354,
    "chrtId": 91663228,
    "createdAt": "2026-06-24T12:57:26+03:00",
    "updatedAt": "2026-06-26T19:19:38+03:00",
    "status": "created",
    "cancelType": "",
    "warehouseName": "Склад WB",
    "warehouseRegion": "",
    "isMp": True,
    "destinationCity": "Санкт-Петербург",
    "destinationDistrict": "Северо-Западный",
    "sellerPrice": 4328,
    "isB2b": False,
}

_PRODUCT: Mapping[str, Any] = {
    "imtId": 123456789,
    "nmId": 987654321,
    "productName": "Мини-печь",
    "supplierArticle": "DP02",
    "supplierName": "ИП Кружинин",
    "brandName": "Тест",
    "size": "0",
}

FEEDBACK: Mapping[str, Any] = {
    "text": "Спасибо, всё подошло",
    "pros": "Удобный",
    "cons": "Нет",
    "productValuation": 5,
    "createdDate": "2026-09-26T10:20:48+03:00",
    "answer": None,
    "state": "none",
    "productDetails": _PRODUCT,
    "video": None,
    "wasViewed": False,
    "photoLinks": None,
    "userName": "Николай",
    "orderStatus": "buyout",
    "matchingSize": "ok",
    "isAbleReturnProductOrders": False,
    "bables": ["цена"],
    "lastOrderShkId": 123456789,
    "lastOrderCreatedAt": "2026-08-12T10:20:48+03:00",
    "color": "colorless",
    "subjectId": 219,
    "subjectName": "Мини-печи",
    "parentFeedbackId": None,
    "childFeedbackId": None,
}

QUESTION: Mapping[str, Any] = {
    "text": "Какая мощность?",
    "createdDate": "2026-02-01T11:18:08.769513469Z",
    "state": "suppliersPortalSynch",
    "answer": None,
    "productDetails": _PRODUCT,
    "wasViewed": False,
    "isWarned": False,
}

CLAIM: Mapping[str, Any] = {
    "claim_type": 1,
    "status": 0,
    "status_ex": 0,
    "nm_id": 196320101,
    "user_comment": "Длина провода не соответствует описанию",
    "wb_comment": "",
    "dt": "2026-03-26T17:06:12.245611",
    "imt_name": "Кабель 0.5 м",
    "order_dt": "2026-03-20T05:18:56",
    "dt_update": "2026-03-26T18:01:06.999613",
    "photos": ["//photos.wbstatic.net/claim/1.webp"],
    "video_paths": [],
    "actions": ["autorefund1", "approve1"],
    "price": 157,
    "currency_code": "643",
    "delivery_dt": "2026-03-25T14:36:07",
    "_archived": False,
}

NEWS: Mapping[str, Any] = {
    "content": "<p>Добавили поля в отчёт</p>",
    "date": "2026-02-06T18:14:58+03:00",
    "header": "Изменения в API",
    "types": [{"id": 8, "name": "API"}],
}

# The kinds World.add() knows: their example, and the key WB gives each row.
KINDS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "commission": (COMMISSION, ""),
    "report-lines": (REPORT_LINE, "rrdId"),
    "reports": (REPORT, "reportId"),
    "sales": (SALE, "srid"),
    "orders": (ORDER, "srid"),
    "feed-orders": (FEED_ORDER, "srid"),
    "feedbacks": (FEEDBACK, "id"),
    "questions": (QUESTION, "id"),
    "claims": (CLAIM, "id"),
    "news": (NEWS, "id"),
}
NUMBERED = frozenset({"rrdId", "reportId"})
