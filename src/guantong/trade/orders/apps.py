from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "guantong.trade.orders"
    label = "orders"
