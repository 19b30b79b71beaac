"""The reports of other mail servers, made by hand."""


def rapporto(nostro, azione="failed", intestazioni=False):
    """What another server sends back, as Postfix writes it."""
    come = "text/rfc822-headers" if intestazioni else "message/rfc822"
    return (
        "From: MAILER-DAEMON@example.net\r\nTo: laboratori@example.org\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.net\r\n\r\n"
        "Final-Recipient: rfc822; anna@example.org\r\n"
        f"Action: {azione}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 <anna@example.org> unknown user\r\n\r\n"
        f"--B\r\nContent-Type: {come}\r\n\r\n"
        f"Message-ID: {nostro}\r\nSubject: Promemoria\r\n\r\nCiao.\r\n--B--\r\n"
    ).encode()
