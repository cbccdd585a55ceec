#include "run/torch/quant_ops_cell.h"

#include "run/torch/quant_parameters.h"
#include "run/torch/quantize_tensor.h"

#include <algorithm>
#include <array>
#include <string>

#include <ATen/ops/linear.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

namespace quantscope {

namespace {

/// The quantizers of the cell in the order of its inputs, three to each.
enum CellQuantizer : std::size_t {
    kOutput,
    kCellState,
    kInputAcc,
    kForgetAcc,
    kCellAcc,
    kOutputAcc,
    kInputSigmoid,
    kForgetSigmoid,
    kCellTanh,
    kOutputSigmoid,
    kHiddenTanh,
};
/// Before the names of their attributes, which an underscore follows.
constexpr std::array<std::string_view, kCellQuantizers> kCellSlotNames
    = {"output", "cell_state", "input_acc", "forget_acc", "cell_acc", "output_acc", "input_sigmoid", "forget_sigmoid",
        "cell_tanh", "output_sigmoid", "hidden_state_tanh"};

enum Gate : std::size_t { kInputGate, kForgetGate, kCellGate, kOutputGate };

/// brevitas/nn/quant_rnn.py (0.8 to 0.12): each sum, each function and each product has a quantizer of its own.
class LstmCell {
public:
    explicit LstmCell(const OpCall &call)
        : m_call(call)
    {
        constexpr std::size_t kFirstQuantizer = 15;
        for (std::size_t i = 0; i < kCellQuantizers; ++i)
            m_quantizers[i] = affineOf(call, kFirstQuantizer + 3 * i, std::string(kCellSlotNames[i]) + "_", 2);
        for (std::size_t gate = 0; gate < 4; ++gate) {
            m_ofInput[gate] = call.tensor(3 + gate);
            m_ofHidden[gate] = call.tensor(7 + gate);
            m_bias[gate] = call.tensor(11 + gate);
        }
        m_coupled = flagOf(call, "cifg", false);
    }

    std::vector<c10::IValue> run()
    {
        const std::int64_t along = flagOf(m_call, "batch_first", false) ? 1 : 0;
        const std::vector<at::Tensor> inputs = m_call.tensor(0).unbind(along);
        if (inputs.empty())
            throw RunError("it reads a sequence of no steps");
        const bool reversed = flagOf(m_call, "reverse_input", false);
        at::Tensor hidden = m_call.tensor(1), cell = m_call.tensor(2);
        std::vector<at::Tensor> states;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            step(inputs[reversed ? inputs.size() - 1 - i : i], hidden, cell);
            states.push_back(hidden);
        }
        std::vector<c10::IValue> out{at::stack(states, along), hidden, cell};
        for (std::size_t i = 0; m_call.wantsUnrounded && i < kCellQuantizers; ++i) {
            out.emplace_back(m_seen[i].empty() ? c10::IValue(at::zeros({0})) : at::stack(m_seen[i], along));
            out.emplace_back(m_made[i].empty() ? c10::IValue(at::zeros({0})) : at::stack(m_made[i], along));
        }
        return out;
    }

private:
    at::Tensor quantized(const at::Tensor &x, CellQuantizer which)
    {
        const WithinChoice other = which < m_call.within.size() ? m_call.within[which] : WithinChoice();
        const Quantizer *quantizer = other.isExchanged ? other.quantizer : &m_quantizers[which];
        const at::Tensor made = quantizer == nullptr ? x : quantizedValues(x, *quantizer);
        if (m_call.wantsUnrounded) {
            m_seen[which].push_back(x);
            m_made[which].push_back(made);
        }
        return made;
    }

    at::Tensor sum(Gate gate, const at::Tensor &input, const at::Tensor &hidden, CellQuantizer which)
    {
        const at::Tensor products
            = at::linear(input, m_ofInput[gate]).add(at::linear(hidden, m_ofHidden[gate])).add(m_bias[gate]);
        return quantized(products, which);
    }

    void step(const at::Tensor &input, at::Tensor &hidden, at::Tensor &cell)
    {
        const at::Tensor in = quantized(sum(kInputGate, input, hidden, kInputAcc).sigmoid(), kInputSigmoid);
        const at::Tensor forget = m_coupled
            ? quantized(at::ones_like(in), kInputSigmoid).sub(in)
            : quantized(sum(kForgetGate, input, hidden, kForgetAcc).sigmoid(), kForgetSigmoid);
        const at::Tensor fresh = quantized(sum(kCellGate, input, hidden, kCellAcc).tanh(), kCellTanh);
        const at::Tensor out = quantized(sum(kOutputGate, input, hidden, kOutputAcc).sigmoid(), kOutputSigmoid);
        cell = quantized(quantized(forget.mul(cell), kCellState).add(quantized(in.mul(fresh), kCellState)), kCellState);
        hidden = quantized(out.mul(quantized(cell.tanh(), kHiddenTanh)), kOutput);
    }

    const OpCall &m_call;
    std::array<Quantizer, kCellQuantizers> m_quantizers;
    std::array<std::vector<at::Tensor>, kCellQuantizers> m_seen, m_made;
    std::array<at::Tensor, 4> m_ofInput, m_ofHidden, m_bias;
    bool m_coupled = false;
};

std::vector<c10::IValue> quantLstmCell(const OpCall &call) { return LstmCell(call).run(); }

constexpr std::array kCellRows = {OpRow{"qonnx.custom_op.general", "QuantLSTMCell", quantLstmCell, CodesRole::Within}};

} // namespace

std::string_view cellQuantizerSlot(std::size_t position) { return kCellSlotNames.at(position); }

std::optional<std::size_t> cellQuantizer(std::string_view slot)
{
    const auto found = std::ranges::find(kCellSlotNames, slot);
    return found == kCellSlotNames.end() ? std::nullopt
                                         : std::optional(static_cast<std::size_t>(found - kCellSlotNames.begin()));
}

std::span<const OpRow> quantCellOperators() { return kCellRows; }

} // namespace quantscope
