"""What a body may change that is not its own: constants of helpers, or what any name of any body means."""

import ast

from signalbox_syntax.guard_constants import Constants, has_mutable_parts
from signalbox_syntax.guard_names import is_own_attribute, unsafe_nodes
from signalbox_syntax.guard_nodes import NotSupported, is_mutable
from signalbox_syntax.guard_uses import is_only_read, is_only_read_at
from signalbox_syntax.modules import Binding


def changes_of(module, names):
    """[[path of the helper, or None: anything, (path, line, column)]]: no guard that follows this path holds."""
    return _Changes(module, names).found()


class _Changes:
    def __init__(self, module, names):
        self._module = module
        self._names = names
        self._constants = Constants(names)
        self._modules = {}
        self._found = {}

    def found(self):
        for node in unsafe_nodes(self._module):
            self._add(None, node)
        for node in ast.walk(self._module.tree):
            match node:
                case ast.Import(names=aliases):
                    for alias in aliases:
                        top = alias.name.split(".")[0]
                        self._import(alias.asname or top, Binding("import", node, alias.name if alias.asname else top))
                case ast.ImportFrom(names=[ast.alias(name="*")], module=helper, level=0):
                    self._import_everything(node, helper)
                case ast.ImportFrom(names=aliases, module=helper, level=level):
                    for alias in aliases:
                        imported = Binding("import", node, "." * level + (helper or ""), alias.name)
                        self._import(alias.asname or alias.name, imported)
        self._find_stores()
        return [[path, location] for path, location in self._found.items()]

    def _add(self, path, node):
        self._found.setdefault(path, self._module.at(node))

    def _import_everything(self, node, helper):
        found = self._helper(helper)
        for name in found.bindings if found else ():
            self._import(name, Binding("import", node, helper, name))

    def _import(self, name, binding):
        try:
            resolved = self._names.imported(binding)
        except NotSupported:
            # No guard follows such a name.
            return
        if resolved[0] == "module":
            self._modules[name] = resolved[1]
            for node in ast.walk(self._module.tree):
                if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                    self._module_use(node, resolved[1])
        elif resolved[0] == "value":
            self._value(resolved, binding.node, lambda parts: is_only_read(self._module, name, self._names, parts))

    def _module_use(self, node, helper):
        """`node` is the module `helper`. Only its attributes may be used, else the module may be changed anywhere."""
        attribute = self._module.parents[node]
        if not isinstance(attribute, ast.Attribute) or attribute.attr.startswith("__"):
            self._add(None, node)
            return
        if not isinstance(attribute.ctx, ast.Load):
            return
        try:
            resolved = self._names.attribute(helper, attribute.attr)
        except NotSupported:
            return
        if resolved[0] == "module":
            self._module_use(attribute, resolved[1])
        elif resolved[0] == "value":
            self._value(
                resolved, node, lambda parts: is_only_read_at(attribute, self._module, self._names, parts)
            )

    def _value(self, resolved, node, is_read):
        try:
            value = self._constants.of_resolved(resolved)
        except NotSupported:
            return
        if is_mutable(value) and not is_read(has_mutable_parts(value)):
            self._add(resolved[2].path, node)

    def _find_stores(self):
        for node in ast.walk(self._module.tree):
            if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
                continue
            helper = self._helper(self._modules.get(node.value.id)) if isinstance(node.value, ast.Name) else None
            if helper is not None:
                self._add(helper.path, node)
            elif not is_own_attribute(node, self._module, self._names):
                self._add(None, node)

    def _helper(self, name):
        try:
            return name and self._names.helper(name)
        except NotSupported:
            return None
