"""A data model: unified field names mapped to JSONPaths or to functions of the model's own body."""

from types import ModuleType

from panther_core.jsonpath import JsonPath


class DataModel:
    """`config` holds id, versionId, mappings [{name, path or method}] and perhaps a body of Python source."""

    def __init__(self, config, filename=None):
        self.data_model_id = _text(config, "id")
        self.version = _text(config, "versionId")
        self.body = config.get("body")
        assert self.body is None or isinstance(self.body, str), "data model body must be a string"
        self.paths = {}
        self.methods = {}
        module = self._execute_body(filename or f"<data model {self.data_model_id}>")
        mappings = config.get("mappings")
        assert isinstance(mappings, list), f"data model [{self.data_model_id}] needs a list of mappings"
        for mapping in mappings:
            self._add(mapping, module)

    def _execute_body(self, filename):
        module = ModuleType(self.data_model_id)
        if self.body:
            module.__file__ = filename
            exec(compile(self.body, filename, "exec"), module.__dict__)
        return module

    def _add(self, mapping, module):
        assert isinstance(mapping, dict), f"data model [{self.data_model_id}] has a mapping that is no object"
        name = _text(mapping, "name").lower()
        if mapping.get("path"):
            self.paths[name] = JsonPath(_text(mapping, "path"))
        elif mapping.get("method"):
            method = getattr(module, _text(mapping, "method"), None)
            assert callable(method), (
                f"data model [{self.data_model_id}] maps [{name}] to function [{mapping['method']}], "
                "which its body does not define"
            )
            self.methods[name] = method
        else:
            raise AssertionError(
                f"data model [{self.data_model_id}] maps [{name}] to neither path nor method"
            )


def _text(config, key):
    value = config.get(key)
    assert isinstance(value, str), f"data model needs a string [{key}]"
    return value
