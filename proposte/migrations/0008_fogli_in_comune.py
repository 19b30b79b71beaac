from django.db import migrations


def porta(apps, schema_editor):
    """The lists of proposals go among the sheets of all kinds, with who loaded and wrote them;
    those that nobody has confirmed yet still can be."""
    liste = apps.get_model("proposte", "Importazione")
    fogli = apps.get_model("importazioni", "Importazione")
    lette = apps.get_model("importazioni", "RigaImportata")
    tipi = apps.get_model("contenttypes", "ContentType")
    storia = apps.get_model("admin", "LogEntry")
    tipo = tipi.objects.filter(app_label="proposte", model="importazione").first()
    voci = storia.objects.filter(content_type=tipo) if tipo else storia.objects.none()
    for vecchia in liste.objects.select_related("percorso").order_by("pk").iterator():
        sue = voci.filter(object_id=str(vecchia.pk))
        ultima = sue.order_by("-action_time").first()
        scritta = vecchia.eseguita_at is not None
        esiti = [_esito(riga) for riga in vecchia.righe]
        nuova = fogli.objects.create(
            genere="proposte",
            opzioni={
                "percorso": vecchia.percorso.slug,
                "canale": vecchia.canale,
                "pubblica": vecchia.pubblica,
            },
            nome_file=vecchia.nome_file,
            impronta=vecchia.impronta,
            stato="scritta" if scritta else "pronta",
            colonne=vecchia.colonne,
            ignorate=[[nome, ""] for nome in vecchia.ignorate],
            totale=vecchia.lette,
            fatte=vecchia.lette,
            nuove=vecchia.importate if scritta else esiti.count("nuova"),
            doppie=esiti.count("doppia"),
            errate=esiti.count("errata"),
            avvertite=sum(
                bool(riga.get("avvisi")) and esito != "errata"
                for riga, esito in zip(vecchia.righe, esiti, strict=True)
            ),
            solo_buone=scritta,
            autore_id=vecchia.autore_id,
            scritta_da_id=(ultima.user_id if ultima else vecchia.autore_id) if scritta else None,
            created_at=vecchia.created_at,
            scritta_at=vecchia.eseguita_at,
        )
        lette.objects.bulk_create(
            (
                lette(
                    importazione=nuova,
                    numero=riga["n"],
                    celle=riga["celle"],
                    esito=esito,
                    errori=riga.get("errori", []),
                    avvisi=riga.get("avvisi", []),
                )
                for riga, esito in zip(vecchia.righe, esiti, strict=True)
            ),
            batch_size=500,
        )
        if sue.exists():
            adesso = tipi.objects.get_or_create(app_label="importazioni", model="importazione")[0]
            sue.update(content_type=adesso, object_id=str(nuova.pk))
    if tipo:
        # With its permissions, which nobody was given.
        tipo.delete()


def _esito(riga):
    if riga.get("errori"):
        return "errata"
    return "doppia" if riga.get("doppione") else "nuova"


class Migration(migrations.Migration):
    dependencies = [
        ("proposte", "0007_cercati"),
        ("importazioni", "0003_doppie_e_avvisi"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(porta, migrations.RunPython.noop)]
