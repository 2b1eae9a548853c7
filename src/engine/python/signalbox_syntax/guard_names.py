"""What a name of a module means, as far as the text alone decides it."""

import ast
import builtins
import sys

from signalbox_syntax.guard_nodes import NotSupported
from signalbox_syntax.modules import positional_parameters, statements

#: With these a body can change what names mean in ways that no text shows.
_UNSAFE_NAMES = {"globals", "locals", "vars", "exec", "eval", "setattr", "delattr", "__import__", "__builtins__"}
_UNSAFE_NAMES |= {"__loader__", "__spec__"}
_UNSAFE_ATTRIBUTES = {"__dict__", "__globals__", "__builtins__", "__setattr__", "__delattr__", "__code__", "__class__"}
_UNSAFE_ATTRIBUTES |= {"__defaults__", "__kwdefaults__", "__self__", "__subclasses__", "__mro__", "__bases__", "__base__"}
_UNSAFE_ATTRIBUTES |= {"f_globals", "f_locals", "f_builtins", "_getframe", "tb_frame", "gi_frame", "__getattribute__"}
#: As a text they are found by `getattr` and the like.
_UNSAFE_TEXTS = _UNSAFE_ATTRIBUTES | {"__import__", "__builtins__", "__loader__", "__spec__"}
#: Of `sys` and `unittest`, by whatever name; of views of an event, which all detections share; and what runs annotations.
_OTHER_ATTRIBUTES = {"modules", "mock", "_raw", "_wrapped", "_spellings", "get_type_hints", "ForwardRef"}
_OTHER_ATTRIBUTES |= {"get_annotations", "evaluate_forward_ref"}
#: They find an attribute by a text.
_FINDERS = {"getattr", "attrgetter", "methodcaller"}
_UNSAFE_IMPORTS = {"builtins", "importlib", "gc", "inspect", "ctypes", "imp", "pkgutil", "runpy", "code", "codeop"}
#: They run a text, or find an object by a text.
_UNSAFE_IMPORTS |= {"timeit", "cProfile", "profile", "pdb", "bdb", "trace", "doctest", "pydoc", "annotationlib"}
_UNSAFE_IMPORTS |= {"pickle", "_pickle", "shelve", "marshal", "copyreg", "multiprocessing", "_interpreters", "zipimport"}
_UNSAFE_IMPORTS |= {"pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "js"}
_MOCK_CLASSES = {"MagicMock", "Mock"}


class Names:
    """Resolves names for one guard and records which files had a part in it."""

    def __init__(self, find_module):
        """`find_module`: import name -> (path, Module or None), or None where it is no helper."""
        self._find_module = find_module
        self._unsafe_part = {}
        self.followed = set()

    def helper(self, name):
        if name.split(".")[0] in sys.stdlib_module_names:
            return None
        found = self._find_module(name)
        if found is None:
            return None
        path, module = found
        if module is None:
            raise NotSupported(f"helper {name} is not valid Python")
        self.followed.add(path)
        self.require_safe(module)
        return module

    def require_safe(self, module):
        if id(module) not in self._unsafe_part:
            self._unsafe_part[id(module)] = _unsafe_part(module)
        part = self._unsafe_part[id(module)]
        if part is not None:
            raise NotSupported(f"{module.path} can change what names mean", module.at(part))

    def resolve(self, module, name, depth=0):
        """(kind, …): function, class, value, module, external, builtin or global."""
        if depth > 8:
            raise NotSupported(f"imports of {name} are too deep")
        starred = self._starred(module, name)
        bound = self._bindings(module, name)
        if not bound:
            if starred is not None:
                return self.resolve(*starred, name, depth + 1)
            if depth > 0:
                # `helper.name` never is a builtin. The file may have a `__getattr__`.
                raise NotSupported(f"{module.path} does not define {name}")
            if hasattr(builtins, name):
                return "builtin", name
            raise NotSupported(f"{name} is not defined")
        if starred is not None:
            raise NotSupported(f"{name} is imported by a star, too")
        if any(isinstance(each.node, ast.expr) and not _is_at_top(module, each.node) for each in bound):
            return "global", name, module
        if len(bound) > 1:
            raise NotSupported(f"{name} is bound several times")
        return self._bound(module, name, bound[0], depth)

    def attribute(self, helper, name):
        """`helper.name`."""
        found = self.helper(helper)
        if found is None:
            raise NotSupported(f"{helper} is no helper")
        return self.resolve(found, name, 1)

    def imported(self, binding, depth=0):
        if binding.module.startswith("."):
            raise NotSupported("a relative import")
        helper = self.helper(binding.module)
        if helper is None:
            return "external", binding.module + (f".{binding.name}" if binding.name else "")
        if binding.name is None:
            return "module", binding.module
        return self.resolve(helper, binding.name, depth + 1)

    def _bound(self, module, name, binding, depth):
        if not _is_at_top(module, binding.node):
            raise NotSupported(f"{name} is not bound at the top level of its file")
        match binding.kind:
            case "function":
                return "function", binding.node, module
            case "class":
                return "class", name
            case "value":
                return "value", binding.node, module, name
            case "import":
                return self.imported(binding, depth)
        raise NotSupported(f"{name} has no fixed value")

    def _bindings(self, module, name):
        return [each for each in module.bindings.get(name, ()) if id(each.node) not in _mock_only(module, name)]

    def _starred(self, module, name):
        for binding in module.bindings.get("*", ()):
            helper = self.helper(binding.module)
            if helper is None:
                raise NotSupported(f"{module.path} imports everything of {binding.module}")
            if "__all__" in helper.bindings:
                raise NotSupported(f"{binding.module} defines __all__")
            if name in helper.bindings and not name.startswith("_"):
                return (helper,)
        return None


def _unsafe_part(module):
    """A part of the module that can change what names mean, or None."""
    for node in unsafe_nodes(module):
        return node
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if _is_import(module, name):
                return node
    return None


def unsafe_nodes(module):
    for node in ast.walk(module.tree):
        match node:
            case ast.Name(id=name) if name in _UNSAFE_NAMES:
                yield node
            case ast.Attribute(attr=name) if name in _UNSAFE_ATTRIBUTES or name in _OTHER_ATTRIBUTES:
                yield node
            case ast.Constant(value=str(text)) if not _UNSAFE_TEXTS.isdisjoint(text.split(".")):
                yield node
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if name in _FINDERS:
                if any(_is_unsafe_text(each) for each in arguments):
                    yield node
            case ast.Import(names=names) if any(_is_unsafe_import(each.name) for each in names):
                yield node
            case ast.ImportFrom(module=str(module_name), names=names):
                if any(_is_unsafe_part(module_name, each.name) for each in names):
                    yield node


def _is_unsafe_text(node):
    match node:
        case ast.Constant(value=str(text)):
            return not _OTHER_ATTRIBUTES.isdisjoint(text.split("."))
    return False


def _is_unsafe_import(name):
    return name.split(".")[0] in _UNSAFE_IMPORTS or name in ("unittest.mock", "logging.config")


def _is_unsafe_part(module, name):
    if module == "unittest.mock":
        return name not in _MOCK_CLASSES
    is_attribute = name in _UNSAFE_ATTRIBUTES or name in _OTHER_ATTRIBUTES
    return is_attribute or _is_unsafe_import(module) or _is_unsafe_import(f"{module}.{name}")


def is_own_attribute(node, module, names):
    """Whether the attribute that is assigned is one of an object that a class of a body has made."""
    if not isinstance(node.value, ast.Name):
        return False
    function = _function_around(node, module)
    if function is None:
        return False
    name = node.value.id
    if isinstance(module.parents[function], ast.ClassDef):
        parameters = positional_parameters(function.args)
        return bool(parameters) and parameters[0].arg == name and name in ("self", "cls")
    bound = module.bindings_of(function.body).get(name, ())
    return bool(bound) and all(each.kind == "value" and _is_object(each.node, module, names) for each in bound)


def _function_around(node, module):
    while node is not None and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        node = module.parents.get(node)
    return node


def _is_object(node, module, names):
    match node:
        case ast.Call(func=ast.Name(id=name)):
            try:
                return names.resolve(module, name)[0] == "class"
            except NotSupported:
                return False
    return False


def is_mock_test(node):
    """`isinstance(NAME, MagicMock)`: false wherever nothing is mocked."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(), ast.Name(id=name)], keywords=[]):
            return name in _MOCK_CLASSES
    return False


def _mock_only(module, name):
    """Values that are assigned only where the name holds a mock."""
    found = set()
    for function in module.functions():
        for node in statements(function.body):
            if isinstance(node, ast.If) and is_mock_test(node.test) and not node.orelse:
                if node.test.args[0].id == name and _is_mock(module, node.test.args[1].id):
                    found.update(id(each.value) for each in node.body if isinstance(each, ast.Assign))
    return found


def _is_mock(module, name):
    bound = module.bindings.get(name, ())
    return len(bound) == 1 and bound[0].kind == "import" and bound[0].module == "unittest.mock"


def _is_at_top(module, node):
    return any(
        node is each or getattr(each, "value", None) is node or _is_pair(each, node) for each in module.tree.body
    )


def _is_pair(statement, node):
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple) and node in statement.value.elts


def _is_import(module, name):
    return any(binding.kind == "import" for binding in module.bindings.get(name, ()))
