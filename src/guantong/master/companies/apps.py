from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "guantong.master.companies"
    label = "companies"
