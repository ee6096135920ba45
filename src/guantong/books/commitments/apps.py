from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "guantong.books.commitments"
    label = "commitments"
