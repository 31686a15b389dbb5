"""Reports as mail systems write them, made up."""

KEY = "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001"


def notification(action: str, status: str, *, returned: str = "text/rfc822-headers", key: str = KEY) -> bytes:
    """A report as RFC 3464 has it."""
    return f"""From: MAILER-DAEMON@mx.example.se
To: no-reply@example.se
Message-ID: <0199aaaa-bbbb-7ccc-8ddd-000000000009@mx.example.se>
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

The message could not be delivered.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.se

Final-Recipient: rfc822; somebody@example.se
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--x
Content-Type: {returned}

From: Region Ett <no-reply@example.se>
To: somebody@example.se
Message-ID: <{key}@example.se>
Subject: Meddelande

--x--
""".encode()
