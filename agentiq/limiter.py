"""WB's limits shared by all workers (in Redis)."""


class RedisLimiter:
    @classmethod
    def for_token(cls, row, settings):
        return None
