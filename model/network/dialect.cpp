#include "network/dialect.h"

#include <array>
#include <cstddef>

namespace quantscope {

namespace {

constexpr std::array kDialects = {
    DialectTraits{
        Dialect::BrevitasStateDict, "Brevitas state_dict", true, false, true, true, false, false, false, true},
    DialectTraits{Dialect::PytorchStateDict, "PyTorch state_dict", true, false, true, true},
    DialectTraits{Dialect::TorchAo, "torch.ao state_dict", true, false, true, true},
    DialectTraits{Dialect::TorchPacked, "state_dict with packed weights", true, false, true, true},
    DialectTraits{Dialect::Qonnx, "QONNX", false, true, true, false, false, true, false, true},
    DialectTraits{Dialect::Qcdq, "QCDQ", false, true, true, false, false, false, true, true},
    DialectTraits{Dialect::Qdq, "QDQ", false, true, true, false, false, false, true},
    DialectTraits{Dialect::QOperator, "QOperator", false, true, true, false, false, false, true},
    DialectTraits{Dialect::Finn, "FINN", false, true, false, false},
    DialectTraits{Dialect::VitisAi, "Vitis AI", false, true, true, false, true},
    DialectTraits{Dialect::Onnx, "ONNX", false, true, true, false, false, false, true},
    DialectTraits{Dialect::TorchScript, "TorchScript", false, true, true, false},
    DialectTraits{Dialect::Xmodel, "xmodel", false, true, true, false, true},
    DialectTraits{Dialect::VitisQuantInfo, "Vitis AI quant_info", false, true, true, false, true},
};

consteval bool inOrder()
{
    for (std::size_t i = 0; i < kDialects.size(); ++i)
        if (kDialects[i].dialect != static_cast<Dialect>(i))
            return false;
    return true;
}
static_assert(inOrder(), "traitsOf looks a dialect up by its number");

} // namespace

const DialectTraits &traitsOf(Dialect dialect) { return kDialects[static_cast<std::size_t>(dialect)]; }

} // namespace quantscope
