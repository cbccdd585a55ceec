#pragma once

#include "base/progress.h"
#include "formats/torch/tensor_builder.h"
#include "graph/model_file.h"

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace quantscope {

/// Walks the nodes of a pickle and lists every tensor under its path: keys, attributes and list positions joined with
/// ".". An object with `_parameters` and `_modules` is listed as its state_dict() would be, with its non-persistent
/// buffers. Each container is entered once, so cycles and shared nodes cost nothing.
class Flattener {
public:
    Flattener(
        const PickleTree &tree, const StorageTable &storages, const Limits &limits, Budget &budget, ModelFile &file);

    /// Lists everything below `root` with names that start with `prefix`. Throws ParseError naming the tensor.
    void run(PickleRef root, const std::string &prefix, const Progress &progress);
    /// The first call that was met and not made; empty when there was none.
    const std::string &firstCall() const { return m_firstCall; }
    /// Where the tensors are listed, by the first node that makes each.
    const std::unordered_map<PickleRef, std::size_t> &positions() const { return m_positions; }
    bool collectScalars = true;

private:
    enum class Labels { Positions, Keys, Entries, None };
    struct Part {
        std::span<const PickleRef> refs;
        Labels labels = Labels::Positions;
    };
    static constexpr std::size_t kMostParts = 8; ///< arguments, items, pairs, and a state of up to four groups
    struct Frame {
        std::array<Part, kMostParts> parts;
        std::size_t partCount = 0;
        std::size_t part = 0;
        std::size_t at = 0;
        std::size_t pathLength = 0;
        void add(Part added)
        {
            if (!added.refs.empty())
                parts[partCount++] = added;
        }
    };

    void visit(PickleRef node);
    void visitPersistent(PickleRef node);
    bool isStorage(PickleRef node) const
    {
        return m_tree.is(node, PickleKind::Persistent) && m_tree.classOf(node) == kNoPickleRef
            && m_storages.tensor(node) == nullptr;
    }
    bool visitTensor(PickleRef node);
    bool visitSparse(PickleRef node, const std::string &callable);
    std::string sparseLayout(PickleRef node) const;
    void visitCall(PickleRef node);
    void visitObject(PickleRef node, const std::string &type);
    void enter(PickleRef node, Frame frame);
    bool step();
    void appendLabel(const std::string &label);
    std::string labelOf(PickleRef key) const;

    void addDictionary(Frame &frame, PickleRef node) const;
    void addState(Frame &frame, PickleRef state);
    bool addModule(Frame &frame, PickleRef attributes);
    bool isDictionary(PickleRef node) const;

    void emit(TensorInfo tensor, const std::string &suffix = {});
    void emitKnown(TensorInfo tensor);
    void emitUnbuildable(PickleRef node, const std::string &callable);
    void noteCall(const std::string &callable);
    void noteOpaque(const std::string &type);
    void noteScalar(PickleRef node);

    const PickleTree &m_tree;
    const StorageTable &m_storages;
    TensorBuilder m_builder;
    Limits m_limits;
    Budget &m_budget;
    ModelFile &m_file;
    std::vector<bool> m_visited;
    std::vector<Frame> m_frames;
    std::deque<PickleRef> m_stateRefs; ///< keeps the spans of single states alive
    std::deque<std::vector<PickleRef>> m_packed; ///< and those of packed layers
    std::string m_path;
    std::string m_firstCall;
    std::unordered_map<PickleRef, std::size_t> m_positions;
    bool m_labelIsKey = false; ///< whether the last part of the path is a key or attribute, not a position
    std::uint64_t m_steps = 0;
    std::uint64_t m_scalars = 0;
};

} // namespace quantscope
