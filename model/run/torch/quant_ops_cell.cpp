#include "run/torch/quant_ops_cell.h"

#include "run/torch/quant_parameters.h"
#include "run/torch/quantize_tensor.h"

#include <array>

#include <ATen/ops/linear.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>

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
    kCellQuantizers
};
constexpr std::array<const char *, kCellQuantizers> kPrefixes
    = {"output_", "cell_state_", "input_acc_", "forget_acc_", "cell_acc_", "output_acc_", "input_sigmoid_",
        "forget_sigmoid_", "cell_tanh_", "output_sigmoid_", "hidden_state_tanh_"};

enum Gate : std::size_t { kInputGate, kForgetGate, kCellGate, kOutputGate };

/// brevitas/nn/quant_rnn.py (0.8 to 0.12): each sum, each function and each product has a quantizer of its own.
class LstmCell {
public:
    explicit LstmCell(const OpCall &call)
        : m_call(call)
    {
        constexpr std::size_t kFirstQuantizer = 15;
        for (std::size_t i = 0; i < kCellQuantizers; ++i)
            m_quantizers[i] = affineOf(call, kFirstQuantizer + 3 * i, kPrefixes[i], 2);
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
        return {at::stack(states, along), hidden, cell};
    }

private:
    at::Tensor quantized(const at::Tensor &x, CellQuantizer which) const
    {
        return quantizedValues(x, m_quantizers[which]);
    }

    at::Tensor sum(Gate gate, const at::Tensor &input, const at::Tensor &hidden, CellQuantizer which) const
    {
        const at::Tensor products
            = at::linear(input, m_ofInput[gate]).add(at::linear(hidden, m_ofHidden[gate])).add(m_bias[gate]);
        return quantized(products, which);
    }

    void step(const at::Tensor &input, at::Tensor &hidden, at::Tensor &cell) const
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
    std::array<at::Tensor, 4> m_ofInput, m_ofHidden, m_bias;
    bool m_coupled = false;
};

std::vector<c10::IValue> quantLstmCell(const OpCall &call) { return LstmCell(call).run(); }

constexpr std::array kCellRows = {OpRow{"qonnx.custom_op.general", "QuantLSTMCell", quantLstmCell}};

} // namespace

std::span<const OpRow> quantCellOperators() { return kCellRows; }

} // namespace quantscope
