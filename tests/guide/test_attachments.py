"""Files of messages: attached to the note of their day, or named in it with the reason why not."""

PDF = {"filename": "factura.pdf", "size": 2_000, "mimetype": "application/pdf"}


def attached(stage) -> list[tuple[str, str]]:
    return [(file["note"], file["File_Name"]) for file in stage.zoho.state()["attachments"]]


def test_file_of_a_message_is_attached_to_the_note_and_named_at_its_message(stage):
    stage.activate()
    stage.receive("aquí va", attachment=PDF)

    summary = stage.tick()

    (note,) = stage.notes()
    assert attached(stage) == [(note["id"], "factura.pdf")]
    assert "aquí va\n📎 Archivo: factura.pdf" in note["Note_Content"]
    assert summary["state"] == "completed"


def test_file_without_a_word_creates_record_and_note_too(stage):
    stage.activate()
    stage.receive(None, attachment={"filename": "foto.jpg", "size": 500, "mimetype": "image/jpeg"})

    stage.tick()

    (note,) = stage.notes(stage.leads()[0]["id"])
    assert attached(stage) == [(note["id"], "foto.jpg")]


def test_file_is_attached_once_however_often_its_chat_is_read(stage):
    stage.activate()
    stage.receive("aquí va", attachment=PDF)
    stage.tick()
    stage.receive("¿la vio?")
    stage.tick()
    stage.advance(86_460)

    stage.tick()

    assert len(attached(stage)) == 1


def test_file_that_is_too_big_is_named_with_the_reason_and_parks_nothing(stage):
    stage.activate()
    uid = stage.receive("el video", attachment={"filename": "fiesta.mp4", "size": 21_000_000, "mimetype": "video/mp4"})

    summary = stage.tick()

    (note,) = stage.notes()
    assert attached(stage) == []
    assert "fiesta.mp4; no adjuntado: pesa más de 20 MB" in note["Note_Content"]
    assert (stage.message(uid).outcome, summary["messages"]["failed"]) == ("synced", 0)


def test_file_whose_link_expired_is_named_with_the_reason_and_parks_nothing(stage):
    stage.timelines.faults.download_lifetime_seconds = -1
    stage.activate()
    uid = stage.receive("la foto", attachment=PDF)

    summary = stage.tick()

    (note,) = stage.notes()
    assert attached(stage) == []
    assert "factura.pdf; no adjuntado: el enlace de descarga caducó" in note["Note_Content"]
    assert (stage.message(uid).outcome, summary["messages"]["failed"]) == ("synced", 0)


def test_sixth_file_of_a_day_is_named_with_the_reason(stage):
    stage.activate()
    for number in range(6):
        stage.receive(f"página {number}", attachment=PDF | {"filename": f"p{number}.pdf"})

    stage.tick()

    (note,) = stage.notes()
    assert [name for _, name in attached(stage)] == [f"p{number}.pdf" for number in range(5)]
    assert "p5.pdf; no adjuntado: una nota admite 5 archivos" in note["Note_Content"]


def test_files_of_two_days_are_attached_to_the_note_of_their_own_day(stage):
    stage.activate()
    stage.receive("uno", attachment=PDF | {"filename": "lunes.pdf"})
    stage.tick()
    stage.advance(86_400)
    stage.receive("dos", attachment=PDF | {"filename": "martes.pdf"})

    stage.tick()

    monday, tuesday = stage.notes()
    assert attached(stage) == [(monday["id"], "lunes.pdf"), (tuesday["id"], "martes.pdf")]
