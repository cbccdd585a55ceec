#include "formats/torch/flatten.h"

#include "base/text.h"
#include "formats/torch/ao_scale.h"
#include "formats/torch/known_names.h"
#include "formats/torch/numpy_array.h"
#include "tensor/memory_tensor.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Keys below keys may repeat a long text a thousand times over; the longest real names have about 200 characters.
constexpr std::size_t kLongestPath = 1024;
constexpr std::size_t kMostOpaque = 1000;
constexpr std::uint64_t kMostScalars = 256;
constexpr std::size_t kLongestScalar = 200;
constexpr std::uint64_t kStepsPerReport = 4096;
/// Parts of the nodes that are entered. Attributes and arguments that many objects share are gone through with each: no
/// model does that to more than a few of them.
constexpr std::uint64_t kMostSteps = 32'000'000;

} // namespace

Flattener::Flattener(
    const PickleTree &tree, const StorageTable &storages, const Limits &limits, Budget &budget, ModelFile &file)
    : m_tree(tree)
    , m_storages(storages)
    , m_builder(tree, storages, limits, budget)
    , m_limits(limits)
    , m_budget(budget)
    , m_file(file)
    , m_visited(tree.size())
{
}

void Flattener::run(PickleRef root, const std::string &prefix, const Progress &progress)
{
    m_path = prefix;
    try {
        visit(root);
        while (step()) {
            if (++m_steps % kStepsPerReport == 0)
                progress.step(std::min<std::uint64_t>(m_steps, m_tree.size()), m_tree.size());
            if (m_steps > kMostSteps)
                throw ParseError("shares its containers too often to be listed: the file is damaged");
        }
    } catch (const ParseError &error) {
        constexpr std::size_t kShown = 100;
        const std::string name = printable(m_path.size() > kShown ? m_path.substr(0, kShown) + "..." : m_path);
        throw ParseError(
            fmt::format("{}: {}", name.empty() ? "its tensor" : "tensor '" + name + "'", error.what()), error.offset());
    }
}

bool Flattener::step()
{
    if (m_frames.empty())
        return false;
    Frame &frame = m_frames.back();
    m_path.resize(frame.pathLength);
    if (frame.part == frame.partCount) {
        m_frames.pop_back();
        return true;
    }
    const Part &part = frame.parts[frame.part];
    const std::size_t at = frame.at++;
    const std::size_t perItem = part.labels == Labels::Keys ? 2 : 1;
    if ((at + 1) * perItem >= part.refs.size()) {
        ++frame.part;
        frame.at = 0;
    }
    PickleRef value = part.refs[at * perItem + perItem - 1];
    m_labelIsKey = part.labels == Labels::Keys;
    if (part.labels == Labels::Keys) {
        appendLabel(labelOf(part.refs[at * 2]));
    } else if (part.labels == Labels::Entries) {
        const auto pair = m_tree.items(value);
        if (pair.size() != 2)
            return true;
        appendLabel(labelOf(pair[0]));
        value = pair[1];
    } else if (part.labels == Labels::Positions) {
        appendLabel(std::to_string(at));
    }
    visit(value);
    return true;
}

void Flattener::appendLabel(const std::string &label)
{
    if (label.size() + m_path.size() >= kLongestPath)
        throw ParseError(fmt::format("holds a name of more than {} characters", kLongestPath));
    if (!m_path.empty() && m_path.back() != '.')
        m_path += '.';
    m_path += label;
}

std::string Flattener::labelOf(PickleRef key) const
{
    switch (m_tree.kind(key)) {
    case PickleKind::Text:
    case PickleKind::Bytes: {
        const std::string_view text = m_tree.text(key).substr(0, kLongestPath);
        return isUtf8(text) ? std::string(text) : printable(text);
    }
    case PickleKind::Int: return std::to_string(m_tree.integer(key));
    case PickleKind::Bool: return m_tree.integer(key) != 0 ? "True" : "False";
    case PickleKind::Float: return shortest(m_tree.real(key));
    case PickleKind::None: return "None";
    case PickleKind::Global: return printable(m_tree.globalAttribute(key).substr(0, kLongestPath));
    case PickleKind::Tuple: {
        std::string out = "(";
        for (const PickleRef item : m_tree.items(key).first(std::min<std::size_t>(m_tree.items(key).size(), 8)))
            out += (out.size() > 1 ? ", " : "") + (m_tree.is(item, PickleKind::Tuple) ? "..." : labelOf(item));
        return out + ")";
    }
    default: return "?";
    }
}

void Flattener::enter(PickleRef node, Frame frame)
{
    if (m_visited[node])
        return;
    m_visited[node] = true;
    if (frame.partCount == 0)
        return;
    if (m_frames.size() >= m_limits.depth)
        throw ParseError(fmt::format("lies in containers nested more than {} deep", m_limits.depth));
    frame.pathLength = m_path.size();
    m_frames.push_back(frame);
}

void Flattener::visit(PickleRef node)
{
    Frame frame;
    switch (m_tree.kind(node)) {
    case PickleKind::Persistent: return visitPersistent(node);
    case PickleKind::Call: return visitCall(node);
    case PickleKind::Object: return visitObject(node, m_tree.callableName(node));
    case PickleKind::Dict: frame.add({m_tree.pairs(node), Labels::Keys}); return enter(node, frame);
    case PickleKind::Tuple:
    case PickleKind::List:
    case PickleKind::Set: frame.add({m_tree.items(node), Labels::Positions}); return enter(node, frame);
    default: return noteScalar(node);
    }
}

void Flattener::visitPersistent(PickleRef node)
{
    if (m_tree.classOf(node) == kNoPickleRef && !visitTensor(node))
        emitKnown(m_builder.wholeStorage(node));
}

bool Flattener::visitTensor(PickleRef node)
{
    auto tensor = m_builder.build(node);
    if (tensor)
        m_positions.try_emplace(node, m_file.tensors.size());
    if (tensor)
        emitKnown(std::move(*tensor));
    return tensor.has_value();
}

bool Flattener::visitSparse(PickleRef node, const std::string &callable)
{
    const auto arguments = m_tree.items(m_tree.arguments(node));
    if (arguments.size() < 2 || !isSparseRebuild(callable))
        return false;
    const auto names = sparsePartNames(callable, sparseLayout(arguments[0]));
    const auto parts = m_tree.items(arguments[1]);
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto tensor = i < parts.size() ? m_builder.build(parts[i]) : std::nullopt;
        if (!tensor)
            throw ParseError(fmt::format("is a sparse tensor without its {}", names[i]));
        emit(std::move(*tensor), "." + std::string(names[i]));
    }
    const std::string text = fmt::format("tensor '{}' is sparse: its {} are listed as they are stored, and it is in no "
                                         "layer; to_dense() before torch.save would show it",
        printable(m_path), fmt::join(names, ", "));
    m_budget.charge(sizeof(Diagnostic) + m_path.size() + text.size(), "the list of problems");
    m_file.diagnostics.push_back({"sparse-tensor", Severity::Warning, m_path, text});
    return true;
}

std::string Flattener::sparseLayout(PickleRef node) const
{
    const auto arguments
        = m_tree.is(node, PickleKind::Call) ? m_tree.items(m_tree.arguments(node)) : std::span<const PickleRef>();
    return arguments.empty() ? std::string() : std::string(m_tree.text(arguments[0]).substr(0, 64));
}

void Flattener::visitCall(PickleRef node)
{
    if (visitTensor(node))
        return;
    const std::string callable = m_tree.callableName(node);
    if (visitSparse(node, callable))
        return;
    if (auto array = numpyArray(m_tree, node, m_limits, m_budget))
        return emit(std::move(*array));
    const auto arguments = m_tree.items(m_tree.arguments(node));
    Frame frame;
    switch (callRole(callable)) {
    case CallRole::Dictionary: addDictionary(frame, node); break;
    case CallRole::Sequence:
        if (!arguments.empty())
            frame.add({m_tree.items(arguments[0]), Labels::Positions});
        frame.add({m_tree.items(node), Labels::Positions});
        break;
    case CallRole::Itself:
        if (!arguments.empty())
            frame.add({arguments.first(1), Labels::None});
        break;
    case CallRole::Reconstructor:
        return visitObject(node, arguments.empty() ? std::string() : m_tree.globalName(arguments[0]));
    case CallRole::Subclass: // a wrapper subclass: its tensors are in its state
        if (arguments.size() > 3)
            addState(frame, arguments[3]);
        break;
    case CallRole::GraphModule:
        if (!arguments.empty())
            addState(frame, arguments[0]);
        break;
    case CallRole::Value: return;
    case CallRole::Unknown:
        noteCall(callable);
        if (std::ranges::any_of(arguments, [&](PickleRef a) { return isStorage(a); }))
            return emitUnbuildable(node, callable);
        return visitObject(node, callable);
    }
    enter(node, frame);
}

void Flattener::visitObject(PickleRef node, const std::string &type)
{
    if (!isPlainType(type))
        noteOpaque(type);
    Frame frame;
    // A named tuple holds its fields as arguments of its class.
    frame.add({m_tree.items(m_tree.arguments(node)), Labels::Positions});
    frame.add({m_tree.items(node), Labels::Positions});
    frame.add({m_tree.pairs(node), Labels::Keys});
    PickleRef state = m_tree.state(node);
    if (const auto output = m_visited[node] ? std::nullopt : aoScaleOf(m_tree, type, state)) {
        emit(*floatTensor({}, {}, std::span(&output->scale, 1)), ".scale");
        emit(*memoryTensor({}, DType::Int64, {}, std::span(&output->zeroPoint, 1)), ".zero_point");
    }
    // A ScriptObject's state is (what __getstate__ returned, its type's name).
    if (type == "torch.ScriptObject" && state != kNoPickleRef && m_tree.items(state).size() == 2)
        state = m_tree.items(state)[0];
    if (state != kNoPickleRef)
        addState(frame, state);
    enter(node, frame);
}

bool Flattener::isDictionary(PickleRef node) const
{
    if (m_tree.is(node, PickleKind::Dict))
        return true;
    return m_tree.is(node, PickleKind::Call) && callRole(m_tree.callableName(node)) == CallRole::Dictionary;
}

void Flattener::addDictionary(Frame &frame, PickleRef node) const
{
    const auto arguments
        = m_tree.is(node, PickleKind::Call) ? m_tree.items(m_tree.arguments(node)) : std::span<const PickleRef>();
    if (arguments.size() == 1
        && m_tree.is(arguments[0], PickleKind::List)) // Python 2: OrderedDict([[key, value], ...])
        frame.add({m_tree.items(arguments[0]), Labels::Entries});
    else if (arguments.size() == 1)
        frame.add({m_tree.pairs(arguments[0]), Labels::Keys});
    frame.add({m_tree.pairs(node), Labels::Keys});
}

bool Flattener::addModule(Frame &frame, PickleRef attributes)
{
    const PickleRef parameters = m_tree.lookup(attributes, "_parameters");
    const PickleRef modules = m_tree.lookup(attributes, "_modules");
    if (parameters == kNoPickleRef || modules == kNoPickleRef)
        return false;
    for (const PickleRef group : {parameters, m_tree.lookup(attributes, "_buffers"), modules})
        if (group != kNoPickleRef && isDictionary(group))
            frame.add({m_tree.pairs(group), Labels::Keys});
    // What state_dict() takes from torch.ao's packed layers beside parameters and buffers: "_packed_params" of linear
    // ones, "_packed_weight" of embeddings, "_packed_weight_ih" and "_packed_weight_hh" of cells, "param" of LSTMs.
    std::vector<PickleRef> packed;
    const auto pairs = m_tree.pairs(attributes);
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
        if (m_tree.is(pairs[i + 1], PickleKind::Object)
            && (m_tree.text(pairs[i]) == "_packed_params" || m_tree.callableName(pairs[i + 1]) == "torch.ScriptObject"))
            packed.insert(packed.end(), {pairs[i], pairs[i + 1]});
    if (!packed.empty()) {
        m_budget.charge(sizeof packed + packed.size() * sizeof(PickleRef), "the list of tensors");
        frame.add({m_packed.emplace_back(std::move(packed)), Labels::Keys});
    }
    return true;
}

void Flattener::addState(Frame &frame, PickleRef state)
{
    if (m_visited[state]) // attributes that two objects share are listed once, as every container
        return;
    const auto items = m_tree.items(state);
    const auto isAttributes = [&](PickleRef ref) { return m_tree.is(ref, PickleKind::Dict); };
    if (isAttributes(state)) {
        m_visited[state] = true;
        if (!addModule(frame, state))
            frame.add({m_tree.pairs(state), Labels::Keys});
    } else if (m_tree.is(state, PickleKind::Tuple) && items.size() == 2 && isAttributes(items[1])
        && (isAttributes(items[0]) || m_tree.is(items[0], PickleKind::None))) {
        for (const PickleRef part : items) // attributes and __slots__
            frame.add({m_tree.pairs(part), Labels::Keys});
    } else if (m_tree.is(state, PickleKind::Tuple) || m_tree.is(state, PickleKind::List)) {
        frame.add({items, Labels::Positions});
    } else {
        m_stateRefs.push_back(state);
        frame.add({std::span(&m_stateRefs.back(), 1), Labels::None});
    }
}

void Flattener::emit(TensorInfo tensor, const std::string &suffix)
{
    tensor.name = m_path + suffix;
    m_budget.charge(sizeof(TensorInfo) + tensor.name.size() + tensor.problem.size() + 32
            + (tensor.shape.size() + tensor.strides.size()) * sizeof(std::int64_t),
        "the list of tensors");
    m_file.tensors.push_back(std::move(tensor));
}

/// And says what its type is where that is not known: only this tensor is lost.
void Flattener::emitKnown(TensorInfo tensor)
{
    if (tensor.dtype == DType::Unknown) {
        const std::string text = "tensor '" + printable(m_path) + "' " + tensor.problem;
        m_budget.charge(sizeof(Diagnostic) + m_path.size() + text.size(), "the list of problems");
        m_file.diagnostics.push_back({"unknown-element-type", Severity::Error, m_path, text});
    }
    emit(std::move(tensor));
}

void Flattener::emitUnbuildable(PickleRef node, const std::string &callable)
{
    TensorInfo tensor;
    for (const PickleRef argument : m_tree.items(m_tree.arguments(node)))
        if (isStorage(argument) && tensor.dtype == DType::Unknown)
            tensor.dtype = m_storages.at(argument).dtype;
    tensor.problem = fmt::format("needs a call of {}, which QuantScope does not make", printable(callable));
    const std::string text = "tensor '" + printable(m_path) + "' " + tensor.problem;
    m_budget.charge(sizeof(Diagnostic) + m_path.size() + text.size(), "the list of problems");
    m_file.diagnostics.push_back({"unknown-tensor-builder", Severity::Error, m_path, text});
    emit(std::move(tensor));
}

void Flattener::noteCall(const std::string &callable)
{
    if (m_firstCall.empty())
        m_firstCall = callable.empty() ? "an unnamed function" : callable;
}

void Flattener::noteOpaque(const std::string &type)
{
    if (m_file.opaque.size() > kMostOpaque)
        return;
    const std::string text = m_file.opaque.size() == kMostOpaque
        ? "(and more)"
        : m_path + ": " + (type.empty() ? "an unnamed class" : type);
    m_budget.charge(text.size() + sizeof(std::string), "the list of unknown objects");
    m_file.opaque.push_back(text);
}

void Flattener::noteScalar(PickleRef node)
{
    // Keys of the checkpoint itself and of the dictionaries in it (epoch, args.lr); deeper ones are an optimizer's or
    // an object's.
    if (!collectScalars || !m_labelIsKey || m_frames.size() > 2 || m_scalars >= kMostScalars)
        return;
    const PickleKind kind = m_tree.kind(node);
    const bool isNumber = kind == PickleKind::Int || kind == PickleKind::Float || kind == PickleKind::Bool;
    const bool isType = kind == PickleKind::Global && m_tree.globalName(node).starts_with("torch.")
        && dtypeOfTorchName(m_tree.globalAttribute(node)) != DType::Unknown;
    if (!isNumber && !isType && (kind != PickleKind::Text || m_tree.text(node).size() > kLongestScalar))
        return;
    if (m_file.metadata.try_emplace(m_path, labelOf(node)).second)
        ++m_scalars;
}

} // namespace quantscope
