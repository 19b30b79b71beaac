"""What a request may send in files, whoever sends it and wherever to."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class LimiteCaricamenti(FileUploadHandler):
    """First of the upload handlers: the files of a request that is larger than
    ``CARICAMENTI_MASSIMI`` are read past and never written to the disk. The view finds them
    missing, and ``caricamento_troppo_grande(request)`` tells it why."""

    troppo = False

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):  # noqa: N803
        self.troppo = content_length > settings.CARICAMENTI_MASSIMI

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        if self.troppo:
            self.request.caricamento_troppo_grande = True
            raise SkipFile

    def receive_data_chunk(self, raw_data, start):
        return raw_data

    def file_complete(self, file_size):
        return None


def caricamento_troppo_grande(request) -> bool:
    """Whether the files of this request were left out; ask after reading POST or FILES."""
    return getattr(request, "caricamento_troppo_grande", False)
