"""What an error must look like, whatever it is about."""

TYPES = {400: "bad_request", 406: "not_acceptable", 411: "length_required", 413: "too_large"}
TYPES |= {415: "unsupported_content", 422: "unusable_rows"}


def refused(answer, status, says=None, where=...):
    """Check an error, and return its sentence."""
    assert answer.status == status, answer.content
    assert answer.headers["content-type"] == "application/json"
    error = answer.document["error"]
    assert (set(answer.document), set(error)) == ({"error"}, {"type", "message", "where"})
    assert error["type"] == TYPES[status]
    assert "/tmp" not in error["message"]
    assert len(error["message"]) <= 600
    if says is not None:
        assert says in error["message"]
    if where is not ...:
        assert error["where"] == where
