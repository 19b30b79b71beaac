from django.core.cache.backends.redis import RedisCache


class RedisCacheWithFallback(RedisCache):
    pass
