"""Parses one e-mail from standard input with Python's own parser and prints what it says as JSON."""
import email.policy
import json
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(message.walk())
defects = [repr(defect) for part in parts for defect in part.defects]
for part in parts:
    for name, value in part.items():
        defects += [f'{name}: {defect!r}' for defect in value.defects]
date = message['date']
print(json.dumps({
    'defects': defects,
    'date': date.datetime.isoformat() if date is not None and date.datetime else None,
    'headers': {name.lower(): str(value) for name, value in message.items()},
    'counts': {name.lower(): len(message.get_all(name)) for name in message.keys()},
    'to': [address.addr_spec for address in message['to'].addresses],
    'bodies': {
        part.get_content_type(): part.get_content()
        for part in parts if part.get_content_maintype() == 'text'
    },
}))
