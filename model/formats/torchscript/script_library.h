#pragma once

#include "formats/torchscript/code_tree.h"
#include "formats/zip/zip_archive.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace quantscope {

/// A class or function of the archive's code.
struct ScriptDefinition {
    const CodeTree *tree = nullptr;
    CodeRef ref = 0;
    const CodeNode &node() const { return tree->node(ref); }
};

/// The code of an archive; a file is read and parsed when something of it is asked for.
class ScriptLibrary {
public:
    ScriptLibrary(const ZipArchive &archive, std::string root, Budget &budget)
        : m_archive(archive)
        , m_root(std::move(root))
        , m_budget(budget)
    {
    }

    /// By its qualified name, "__torch__.torch.nn.modules.linear.Linear"; nullopt where the archive has no such code.
    /// Throws ParseError for code that does not parse.
    std::optional<ScriptDefinition> find(const std::string &qualified);
    /// A function of a class.
    std::optional<ScriptDefinition> method(const std::string &type, std::string_view name);

private:
    const CodeTree *treeOf(const std::string &module);
    /// A class or function among the parts of a class or the top of a file.
    std::optional<ScriptDefinition> definitionIn(
        const CodeTree &tree, const std::vector<CodeRef> &parts, std::string_view name);

    const ZipArchive &m_archive;
    std::string m_root;
    Budget &m_budget;
    std::uint64_t m_codeBytes = 0;
    std::map<std::string, std::unique_ptr<const CodeTree>> m_trees; ///< by module; null where there is no file
    std::map<std::string, std::optional<ScriptDefinition>> m_found;
    std::map<const std::vector<CodeRef> *, std::map<std::string_view, CodeRef>> m_definitions; ///< by what holds them
};

} // namespace quantscope
