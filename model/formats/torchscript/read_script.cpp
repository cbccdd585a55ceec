#include "formats/torchscript/read_script.h"

#include "base/text.h"
#include "formats/torchscript/script_walker.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Its forward, else the first function that is not the language's own.
std::optional<ScriptDefinition> entryOf(ScriptLibrary &library, const std::string &type)
{
    if (const auto forward = library.method(type, "forward"))
        return forward;
    const auto owner = library.find(type);
    for (const CodeRef ref : owner->node().parts)
        if (const CodeNode &part = owner->tree->node(ref);
            part.kind == CodeKind::Function && !part.text.starts_with("__"))
            return ScriptDefinition{owner->tree, ref};
    return std::nullopt;
}

void addOutputs(ScriptGraph &graph, const ScriptValue &value)
{
    if (value.is(ScriptValue::Kind::Graph))
        graph.addOutput(value.graphValue());
    for (std::size_t i = 0; value.items != nullptr && i < value.items->size(); ++i)
        addOutputs(graph, (*value.items)[i]);
}

} // namespace

void readScriptGraph(const ScriptArchive &script, ModelFile &file, const Limits &limits, Budget &budget)
{
    ScriptGraph graph(file, limits, budget);
    ScriptObjects objects(script.data, script.constants, graph);
    ScriptLibrary library(script.archive, script.root, budget);
    const ScriptValue module = objects.root();
    if (!module.is(ScriptValue::Kind::Object))
        return file.graph.reset();
    const std::string type = objects.at(module).type;
    const auto owner = library.find(type);
    if (!owner || owner->node().kind != CodeKind::Class)
        throw ParseError(fmt::format("holds no code of its module {}: the archive is damaged, write it again with "
                                     "torch.jit.save",
            printable(type.substr(0, 200))));
    const auto entry = entryOf(library, type);
    if (!entry)
        return file.graph.reset();
    ScriptArguments arguments{{"", module}};
    const std::vector<CodeRef> &parts = entry->node().parts;
    for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
        const CodeNode &parameter = entry->tree->node(parts[i]);
        if (!parameter.parts.empty()) // what is left out has its default
            break;
        arguments.emplace_back(
            std::string(), ScriptValue::of(ScriptValue::Kind::Graph, graph.addInput(std::string(parameter.text))));
    }
    ScriptWalker walker(objects, library, graph);
    addOutputs(graph, walker.call(*entry, arguments, {}));
    if (file.graph->nodes.empty())
        file.graph.reset();
}

} // namespace quantscope
