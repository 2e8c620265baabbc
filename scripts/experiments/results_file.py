"""Files of finished runs, a JSON object a line, and the tables made of them."""
import json


def load(path):
    """The entries of a file, none if it is not there."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def append(path, entry):
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def replace_table(document, name, table):
    """Puts a table between `<!-- name:begin -->` and `<!-- name:end -->` of a document."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    head, rest = document.read_text(encoding="utf-8").split(begin)
    document.write_text(f"{head}{begin}\n{table}\n{end}{rest.split(end)[1]}", encoding="utf-8")
