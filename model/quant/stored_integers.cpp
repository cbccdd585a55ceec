#include "quant/stored_integers.h"

#include <string>

namespace quantscope {

std::optional<Quantizer> storedIntegers(const TensorInfo &tensor)
{
    if (!isInteger(tensor.dtype) || tensor.dtype == DType::UInt64 || tensor.affine)
        return std::nullopt;
    const std::string type(dtypeName(tensor.dtype));
    Quantizer q;
    q.rule = CodeRule::Stored;
    q.storageBits = static_cast<int>(dtypeBits(tensor.dtype));
    q.isSigned = isSigned(tensor.dtype);
    q.origin["storage_bits"] = {Origin::Read, type};
    q.origin["signed"] = {Origin::Read, type};
    return q;
}

} // namespace quantscope
