#include "dialects/torchscript/script_plan.h"

#include "dialects/torchscript/script_names.h"
#include "dialects/torchscript/script_operators.h"
#include "dialects/torchscript/script_uses.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope::script {

namespace {

/// One use: run().
class ScriptPlanner {
public:
    explicit ScriptPlanner(const interpret::Constants &constants)
        : m_constants(constants)
        , m_graph(constants.graph())
    {
    }

    std::vector<ScriptLayer> run()
    {
        findActivations();
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id) {
            const Node &node = m_graph.nodes[id];
            if (const ScriptOperator *op = findOperator(node))
                addCompute(id, *op);
            else if (const auto found = m_activations.find(id); found != m_activations.end())
                addActivation(id, found->second);
            else if (const ScaledOperator *scaled = findScaled(node))
                addOutput(id, *scaled);
        }
        for (const auto &[prefix, pattern] : m_inputsOf) // of operators that are no layers
            addActing(unnamed("act"), pattern);
        addConstants();
        return std::move(m_layers);
    }

private:
    bool isStored(ValueId value) const { return value != kNoValue && m_constants.paths().isStored(value); }

    /// By the node that rounds; the longest way to values is the quantizer.
    void findActivations()
    {
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
            for (const ValueId output : m_graph.nodes[id].outputs) {
                const Node &node = m_graph.nodes[id];
                const bool makesValues = node.domain == "aten" && (node.opType == "mul" || node.opType == "dequantize");
                const bool chooses = node.domain == "prim" && node.opType == "If";
                if (!makesValues && !chooses && findQuantize(node) == nullptr)
                    continue;
                auto found = patternOf(m_constants, output);
                if (!found || found->stored || !found->quantize || isStored(found->input)
                    || isZeros(m_graph, found->input))
                    continue;
                auto &known = m_activations[*found->quantize];
                if (known.nodes.size() < found->nodes.size())
                    known = std::move(*found);
            }
    }

    std::string unnamed(std::string_view word) const { return fmt::format("{}_{}", word, m_layers.size()); }

    ScriptLayer &layerOf(const std::string &name, std::string_view kind, ValueId weight)
    {
        // A module that is called twice is one layer.
        const auto [same, isNew] = m_byModule.try_emplace({name, weight}, m_layers.size());
        if (!isNew)
            return m_layers[same->second];
        std::string unique = name;
        for (int &number = m_lastNumber.try_emplace(name, 1).first->second; m_byName.contains(unique);)
            unique = fmt::format("{}_{}", name, ++number);
        m_byName.emplace(unique, m_layers.size());
        ScriptLayer &added = m_layers.emplace_back();
        added.name = unique;
        added.kind = kind;
        added.weight = weight;
        return added;
    }

    static void addSlot(ScriptLayer &layer, ScriptSlot slot)
    {
        constexpr std::size_t kMostOthers = 64;
        const auto first = std::ranges::find(layer.slots, slot.slot, &ScriptSlot::slot);
        if (first == layer.slots.end())
            layer.slots.push_back(std::move(slot));
        else if (!slot.constant)
            layer.later.push_back(std::move(slot));
        else if (slot.value != first->value && first->others.size() < kMostOthers)
            first->others.push_back(std::move(slot));
    }

    void addCompute(NodeId id, const ScriptOperator &op)
    {
        const Node &node = m_graph.nodes[id];
        if (op.recurrent)
            return addRecurrent(id, op);
        if (op.cell)
            return addCellOperator(id, op);
        ValueId weight = node.input(op.weight), bias = op.bias ? node.input(*op.bias) : kNoValue;
        std::size_t position = op.weight;
        int groups = op.groups ? static_cast<int>(node.integer(std::to_string(*op.groups), 1)) : 1;
        ValueId settings = kNoValue;
        if (op.packed)
            settings = unpack(node.input(op.weight), weight, bias, groups);
        else if (op.opType == "matmul" && !isStored(weight)) {
            weight = node.input(0);
            position = 0;
        }
        if (!isStored(weight) && !op.isConvolution())
            return;
        bool transposed = false;
        weight = upright(weight, transposed);
        ScriptSlot slot = isStored(weight) ? parameterSlot(Slot::Weight, weight) : ScriptSlot{};
        const std::size_t rank = rankOf(slot);
        const std::string kind = kindOf(op, node, rank);
        slot.extraAxis = hasExtraAxis(op, rank);
        slot.channelAxis = outputAxisOf(op, kind, rank, position == op.weight, transposed);
        const std::string named = nameOf(node, slot);
        ScriptLayer &layer
            = layerOf(named.empty() ? unnamed(op.word) : named, kind, isStored(weight) ? tensorOf(slot) : weight);
        layer.groups = std::max(groups, 1);
        layer.stride = transposedStride(op, node);
        layer.settings = settings;
        layer.nodes.push_back(id);
        if (isStored(weight))
            addSlot(layer, std::move(slot));
        if (isStored(bias) && !isZeros(m_graph, bias))
            addSlot(layer, parameterSlot(Slot::Bias, bias));
        if (op.scale)
            addSlot(layer, {Slot::Output, ScriptSlot::Form::Output, false, kNoValue, 0, {}, {id, scaleOf(op, node)}});
        takeInput(layer);
    }

    /// Weight and bias of packed parameters: made by a prepack operator, or stored as such with a tensor of settings,
    /// which is returned.
    ValueId unpack(ValueId packed, ValueId &weight, ValueId &bias, int &groups) const
    {
        weight = bias = kNoValue;
        const Node *maker = m_graph.producerOf(packed);
        if (maker == nullptr)
            return kNoValue;
        const bool settings = maker->opType.starts_with("Conv") && maker->opType.ends_with("PackedParamsBase");
        weight = maker->input(settings ? 1 : 0);
        bias = maker->input(settings ? 2 : 1);
        if (maker->opType.starts_with("conv_transpose"))
            groups = static_cast<int>(maker->integer("6", 1));
        else if (maker->opType.starts_with("conv"))
            groups = static_cast<int>(maker->integer("5", 1));
        return settings ? maker->input(0) : kNoValue;
    }

    void addCellOperator(NodeId id, const ScriptOperator &op)
    {
        const Node &node = m_graph.nodes[id];
        static constexpr std::array kGates = {".weight_ih", ".weight_hh"};
        for (std::size_t gate = 0; gate < kGates.size(); ++gate) {
            ValueId weight = node.input(op.weight + gate), bias = node.input(op.weight + 2 + gate);
            int groups = 1;
            if (op.packed)
                unpack(node.input(op.weight + gate), weight, bias, groups);
            addGate(id, op, node.scope.empty() ? std::string() : moduleOf(node.scope) + kGates[gate], weight, bias);
        }
    }

    void addRecurrent(NodeId id, const ScriptOperator &op)
    {
        constexpr std::size_t kMostListed = 1024; // 64 layers both ways have 640
        const Node *list = m_graph.producerOf(m_graph.nodes[id].input(op.weight));
        for (std::size_t i = 0; list != nullptr && i < std::min(list->inputs.size(), kMostListed); ++i) {
            const Node *cell = op.packed ? m_graph.producerOf(list->inputs[i]) : nullptr;
            if (cell != nullptr && cell->opType == "CellParamsBase") {
                addCell(id, op, *cell);
            } else if (const TensorInfo *weight = listed(*list, i); weight != nullptr && weight->shape.size() >= 2) {
                // The weights of input and state, then their biases where it has any.
                const TensorInfo *bias = listed(*list, i + 2);
                const bool fits = bias != nullptr && bias->shape == Shape{weight->shape[0]};
                addGate(id, op, m_graph.value(list->inputs[i])->name, list->inputs[i],
                    fits ? list->inputs[i + 2] : kNoValue);
            }
        }
    }

    const TensorInfo *listed(const Node &list, std::size_t i) const
    {
        const Value *value = m_graph.value(list.input(i));
        return value != nullptr && value->tensor ? &m_constants.file().tensors[*value->tensor] : nullptr;
    }

    /// What torch.ao keeps of one cell: two biases, then the packed weights of input and state, or their tensors.
    void addCell(NodeId id, const ScriptOperator &op, const Node &cell)
    {
        const std::string path = cell.name.substr(0, cell.name.rfind(".param"));
        static constexpr std::array kGates = {".weight_ih", ".weight_hh"};
        const bool packed = cell.inputs.size() < 6;
        for (std::size_t gate = 0; gate < kGates.size(); ++gate) {
            ValueId weight = cell.input(packed ? 2 + gate : 2 + 2 * gate), bias = cell.input(3 + 2 * gate);
            int groups = 1;
            if (packed)
                unpack(cell.input(2 + gate), weight, bias, groups);
            addGate(id, op, path + kGates[gate], weight, bias);
        }
    }

    void addGate(NodeId id, const ScriptOperator &op, const std::string &name, ValueId weight, ValueId bias)
    {
        if (!isStored(weight))
            return;
        const bool named = !name.empty() && !name.starts_with("CONSTANTS.");
        ScriptLayer &layer = layerOf(named ? name : unnamed(op.word), op.kind, weight);
        if (std::ranges::find(layer.nodes, id) == layer.nodes.end())
            layer.nodes.push_back(id);
        addSlot(layer, parameterSlot(Slot::Weight, weight));
        if (isStored(bias))
            addSlot(layer, parameterSlot(Slot::Bias, bias));
    }

    /// A weight past the operator that changes its first two axes: [out][in] for a product of matrices.
    ValueId upright(ValueId value, bool &transposed) const
    {
        value = handedOn(m_graph, value);
        const Node *node = m_graph.producerOf(value);
        if (node == nullptr || node->domain != "aten" || (node->opType != "t" && node->opType != "transpose"))
            return value;
        const ValueId turned = handedOn(m_graph, node->input(0));
        const auto rank = isStored(turned) ? static_cast<std::int64_t>(rankOf(parameterSlot(Slot::Weight, turned))) : 0;
        const auto isFirstTwo = [&](std::int64_t a, std::int64_t b) {
            a += a < 0 ? rank : 0;
            b += b < 0 ? rank : 0;
            return a + b == 1 && a * b == 0;
        };
        if (rank < 2 || (node->opType == "transpose" && !isFirstTwo(node->integer("1", -1), node->integer("2", -1))))
            return value;
        transposed = true;
        return turned;
    }

    ScriptSlot parameterSlot(Slot slot, ValueId value) const
    {
        ScriptSlot out;
        out.slot = slot;
        out.value = quantizedBehind(m_constants.file(), handedOn(m_graph, value));
        out.constant = true;
        if (m_graph.values[out.value].tensor)
            return out;
        if (auto found = patternOf(m_constants, out.value); found && isStored(found->input)) {
            out.form = ScriptSlot::Form::Pattern;
            out.pattern = std::move(*found);
        } else {
            out.form = ScriptSlot::Form::Unknown;
        }
        return out;
    }

    ValueId tensorOf(const ScriptSlot &slot) const
    {
        const ValueId value = slot.form == ScriptSlot::Form::Pattern ? slot.pattern.input : slot.value;
        return m_graph.values[value].tensor ? value : m_constants.paths().tensorBehind(value);
    }

    std::size_t rankOf(const ScriptSlot &slot) const
    {
        const ValueId value = isStored(slot.value) ? tensorOf(slot) : kNoValue;
        return value == kNoValue ? 0 : m_constants.file().tensors[*m_graph.values[value].tensor].shape.size();
    }

    /// Of the module whose code it is, else of the one that holds the weight.
    std::string nameOf(const Node &node, const ScriptSlot &weight) const
    {
        if (isStored(weight.value))
            if (const ValueId tensor = tensorOf(weight); tensor != kNoValue)
                if (std::string owner = moduleOf(ownerOf(m_graph.values[tensor].name)); !owner.empty())
                    return owner;
        return moduleOf(node.scope);
    }

    void addActivation(NodeId id, const ScriptPattern &pattern)
    {
        const Node &node = m_graph.nodes[id];
        ScriptSlot slot;
        slot.slot = Slot::Act;
        slot.form = ScriptSlot::Form::Pattern;
        slot.value = pattern.input;
        slot.pattern = pattern;
        std::string name = moduleOf(node.scope);
        if (const auto helper = helperModule(name)) {
            name = helper->owner;
            if (const auto owner = m_byName.find(name); owner != m_byName.end()) {
                slot.slot = helper->slot;
                ScriptLayer &layer = m_layers[owner->second];
                layer.nodes.insert(layer.nodes.end(), pattern.nodes.begin(), pattern.nodes.end());
                return addSlot(layer, std::move(slot));
            }
        }
        if (const std::string layer = name.empty() ? inputOf(pattern) : std::string(); !layer.empty()) {
            m_inputsOf.try_emplace(layer, pattern);
            return;
        }
        addActing(name.empty() ? unnamed("act") : name, pattern);
    }

    std::string inputOf(const ScriptPattern &pattern) const
    {
        const ValueId scale = pattern.scale ? kNoValue : m_graph.nodes[*pattern.quantize].input(1);
        const Value *value = m_graph.value(scale);
        std::string layer = value != nullptr && value->tensor ? layerOfInputScale(value->name) : std::string();
        return m_inputsOf.contains(layer) ? std::string() : layer;
    }

    void takeInput(ScriptLayer &layer)
    {
        std::string flat = layer.name;
        std::ranges::replace(flat, '.', '_');
        const auto found = m_inputsOf.find(flat);
        if (found == m_inputsOf.end())
            return;
        layer.nodes.insert(layer.nodes.begin(), found->second.nodes.begin(), found->second.nodes.end());
        addSlot(layer, {Slot::Input, ScriptSlot::Form::Pattern, false, found->second.input, 0, found->second, {}});
        m_inputsOf.erase(found);
    }

    void addActing(const std::string &name, const ScriptPattern &pattern)
    {
        ScriptSlot slot{Slot::Act, ScriptSlot::Form::Pattern, false, pattern.input, 0, pattern, {}};
        const auto before = m_graph.values[pattern.input].producer;
        const std::string_view applied = before ? activationKindOf(m_graph.nodes[*before]) : std::string_view();
        const bool plain = pattern.scale || name == unnamed("act");
        ScriptLayer &layer = layerOf(name, !applied.empty() ? applied : plain ? "Identity" : "Quantize", kNoValue);
        if (!applied.empty() && m_graph.values[pattern.input].consumers.size() == 1)
            layer.nodes.push_back(*before);
        layer.nodes.insert(layer.nodes.end(), pattern.nodes.begin(), pattern.nodes.end());
        addSlot(layer, std::move(slot));
    }

    void addOutput(NodeId id, const ScaledOperator &op)
    {
        const Node &node = m_graph.nodes[id];
        const std::string name = moduleOf(node.scope);
        const bool weighted = op.weight && isStored(node.input(*op.weight));
        const ValueId weight = weighted ? handedOn(m_graph, node.input(*op.weight)) : kNoValue;
        ScriptLayer &layer = layerOf(name.empty() ? unnamed(node.opType) : name, op.kind, weight);
        layer.nodes.push_back(id);
        if (weighted)
            addSlot(layer, parameterSlot(Slot::Weight, weight));
        if (weighted && op.bias && isStored(node.input(*op.bias)))
            addSlot(layer, parameterSlot(Slot::Bias, node.input(*op.bias)));
        addSlot(layer,
            {weighted ? Slot::Output : Slot::Act, ScriptSlot::Form::Output, false, kNoValue, 0, {}, {id, op.scale}});
    }

    /// Quantized constants that are no layer's weights, where they meet what flows.
    void addConstants()
    {
        std::set<NodeId> claimed;
        const auto claim
            = [&](const auto &slot) { claimed.insert(slot.pattern.nodes.begin(), slot.pattern.nodes.end()); };
        for (const ScriptLayer &layer : m_layers)
            for (const ScriptSlot &slot : layer.slots) {
                claim(slot);
                std::ranges::for_each(slot.others, claim);
            }
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id) {
            const ValueId made = m_graph.nodes[id].outputs.empty() ? kNoValue : m_graph.nodes[id].outputs[0];
            if (claimed.contains(id) || !isStored(made))
                continue;
            const std::string_view joining = joiningOperator(m_graph, made);
            ScriptSlot slot = joining.empty() ? ScriptSlot{} : parameterSlot(Slot::Weight, made);
            const ValueId tensor = slot.form == ScriptSlot::Form::Pattern ? tensorOf(slot) : kNoValue;
            if (tensor == kNoValue)
                continue;
            const bool named = !m_graph.values[tensor].name.starts_with("CONSTANTS.");
            ScriptLayer &layer = layerOf(named ? m_graph.values[tensor].name : unnamed("constant"), joining, made);
            layer.constant = id;
            addSlot(layer, std::move(slot));
        }
    }

    const interpret::Constants &m_constants;
    const Graph &m_graph;
    std::map<std::string, ScriptPattern> m_inputsOf; ///< what FX says to quantize the input of a layer
    std::map<NodeId, ScriptPattern> m_activations; ///< by the node that rounds
    std::vector<ScriptLayer> m_layers;
    std::map<std::pair<std::string, ValueId>, std::size_t> m_byModule; ///< name and weight
    std::map<std::string, std::size_t> m_byName;
    std::map<std::string, int> m_lastNumber; ///< of the names that occur more than once
};

} // namespace

std::vector<ScriptLayer> planScript(const interpret::Constants &constants) { return ScriptPlanner(constants).run(); }

} // namespace quantscope::script
