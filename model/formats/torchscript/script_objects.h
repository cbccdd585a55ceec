#pragma once

#include "formats/pickle/pickle_tree.h"
#include "formats/torchscript/script_graph.h"

#include <map>
#include <string>
#include <unordered_map>

namespace quantscope {

/// A pickle of a TorchScript archive, with the tensors that were listed from it: positions in ModelFile::tensors.
struct ScriptPickle {
    PickleTree tree;
    std::unordered_map<PickleRef, std::size_t> tensors;
};

/// An object of the archive: a module, packed parameters, or what code makes.
struct ScriptObject {
    std::string path; ///< of attributes from the top, joined with "."
    std::string type; ///< "__torch__.torch.nn.modules.linear.Linear"
    std::map<std::string, ScriptValue, std::less<>> attributes;
    std::optional<ScriptValue> state; ///< what its __getstate__ gave, where its attributes do not stand in the file
    ValueId packed = kNoValue; ///< what stands for it where an operator reads it
};

/// The objects and constants of an archive as values. Each is converted once, so that cycles and shared parts cost
/// nothing.
class ScriptObjects {
public:
    ScriptObjects(const ScriptPickle &data, const ScriptPickle *constants, ScriptGraph &graph)
        : m_data(data)
        , m_constants(constants)
        , m_graph(graph)
    {
    }

    ScriptValue root() { return convert(m_data, m_data.tree.root, {}, m_ofData, 0); }
    /// CONSTANTS.cN. Throws ParseError when there are fewer.
    ScriptValue constant(std::size_t index);
    ScriptObject &at(const ScriptValue &object) { return m_objects.at(static_cast<std::size_t>(object.number)); }
    ScriptValue add(ScriptObject object);

private:
    using Converted = std::unordered_map<PickleRef, ScriptValue>;
    ScriptValue convert(
        const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth);
    ScriptValue convertNew(
        const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth);
    ScriptValue call(
        const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth);
    ScriptValue object(
        const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth);

    const ScriptPickle &m_data;
    const ScriptPickle *m_constants;
    ScriptGraph &m_graph;
    Converted m_ofData, m_ofConstants;
    std::deque<ScriptObject> m_objects;
};

} // namespace quantscope
