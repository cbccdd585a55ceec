#include "formats/torchscript/script_library.h"

#include "formats/torchscript/code_parser.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

std::optional<ScriptDefinition> ScriptLibrary::definitionIn(
    const CodeTree &tree, const std::vector<CodeRef> &parts, std::string_view name)
{
    const auto [known, isNew] = m_definitions.try_emplace(&parts);
    for (std::size_t i = 0; isNew && i < parts.size(); ++i)
        if (const CodeNode &node = tree.node(parts[i]); node.kind == CodeKind::Class || node.kind == CodeKind::Function)
            known->second.try_emplace(node.text, parts[i]);
    const auto found = known->second.find(name);
    return found == known->second.end() ? std::nullopt : std::optional(ScriptDefinition{&tree, found->second});
}

const CodeTree *ScriptLibrary::treeOf(const std::string &module)
{
    const auto [known, isNew] = m_trees.try_emplace(module);
    if (!isNew)
        return known->second.get();
    std::string name = m_root + "code/" + module;
    std::replace(name.begin() + static_cast<std::ptrdiff_t>(m_root.size()), name.end(), '.', '/');
    const ZipEntry *entry = m_archive.find(name + ".py");
    if (entry == nullptr)
        return nullptr;
    m_codeBytes += entry->size;
    if (m_codeBytes > kCodeLimits.bytes)
        throw ParseError(fmt::format("has more than {} MB of code, too much to be followed", kCodeLimits.bytes >> 20));
    const auto bytes = m_archive.read(*entry, kCodeLimits.bytes, m_budget);
    known->second = parseCode(
        std::string(entry->name), std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()), m_budget);
    return known->second.get();
}

std::optional<ScriptDefinition> ScriptLibrary::find(const std::string &qualified)
{
    const auto [known, isNew] = m_found.try_emplace(qualified);
    if (!isNew)
        return known->second;
    const std::size_t dot = qualified.rfind('.');
    const CodeTree *tree = dot == std::string::npos ? nullptr : treeOf(qualified.substr(0, dot));
    if (tree != nullptr)
        known->second = definitionIn(*tree, tree->top, std::string_view(qualified).substr(dot + 1));
    return known->second;
}

std::optional<ScriptDefinition> ScriptLibrary::method(const std::string &type, std::string_view name)
{
    const auto owner = find(type);
    return owner && owner->node().kind == CodeKind::Class ? definitionIn(*owner->tree, owner->node().parts, name)
                                                          : std::nullopt;
}

} // namespace quantscope
