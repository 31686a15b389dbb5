"""The job that tells patients of what is due. It takes no arguments: what is due is in the notices."""

from survey_service.notifying.sending import Sending as Sending
