"""Lists of the admin that go out as files, filtered as they show."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext

from portale.lib.admin import UfficioModelAdmin

from .esportazione import righe, risposta
from .generi import registro


class FoglioModelAdmin(UfficioModelAdmin):
    """A list that may be downloaded, and loaded from a file. ``foglio`` is its kind."""

    foglio = ""
    change_list_template = "admin/importazioni/elenco.html"

    def changelist_view(self, request, extra_context=None):
        genere = registro[self.foglio]
        contesto = {"porte_dei_fogli": self._porte_dei_fogli(request, genere)}
        return super().changelist_view(request, {**contesto, **(extra_context or {})})

    def _porte_dei_fogli(self, request, genere):
        """What may be done with the list as it is filtered now."""
        porte = []
        if genere.puo_esportare(request.user):
            quali = request.GET.urlencode()
            for formato in ("csv", "xlsx"):
                url = reverse(f"admin:{self._nome_rotta()}", args=[formato])
                testo = gettext("Scarica l'elenco (%(formato)s)") % {"formato": formato.upper()}
                porte.append((f"{url}?{quali}" if quali else url, testo))
        if genere.puo_importare(request.user):
            url = reverse("admin:importazioni_importazione_add")
            porte.append((f"{url}?genere={genere.nome}", gettext("Importa da un file")))
        return porte

    def esporta(self, request, formato):
        genere = registro[self.foglio]
        if not genere.puo_esportare(request.user) or formato not in ("csv", "xlsx"):
            raise Http404
        oggetti = self.get_changelist_instance(request).queryset
        colonne = [(c.nome, c.larghezza) for c in genere.risorsa.colonne(request.user)]
        if genere.dati_personali:
            self._traccia(request, oggetti, formato)
        valori = righe(genere.risorsa, oggetti, request.user)
        return risposta(genere.nome, formato, colonne, valori)

    def _traccia(self, request, oggetti, formato):
        """Who took people's data, how many, and when."""
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=str(self.opts.verbose_name_plural),
            action_flag=CHANGE,
            change_message=gettext("Esportate %(quante)d righe (%(formato)s).")
            % {"quante": oggetti.order_by().count(), "formato": formato.upper()},
        )

    def _nome_rotta(self):
        return f"{self.opts.app_label}_{self.opts.model_name}_foglio"

    def get_urls(self):
        return [
            path(
                "foglio.<str:formato>",
                self.admin_site.admin_view(self.esporta),
                name=self._nome_rotta(),
            ),
            *super().get_urls(),
        ]
