#include "analysis/element_steps.h"

#include "analysis/pieces.h"
#include "quant/code_reader.h"

namespace quantscope {

Result<ElementSteps> elementSteps(const SlotQuantizer &slot, std::uint64_t element)
{
    return passErrors(slot.tensorName, [&] {
        CodeReader reader(slot);
        ElementSteps out;
        out.element = element;
        out.parameters = reader.parameters(reader.runAt(element).channel);
        out.decision = reader.decision(element);
        out.hasFloat = reader.hasFloats();
        if (out.parameters.rule == CodeRule::BitPattern)
            reader.codes(element, {&out.stored, 1});
        else
            reader.floats(element, {&out.stored, 1});
        out.codeAsFloat = codeOf(out.stored, out.parameters, out.decision ? &*out.decision : nullptr, out.coding);
        reader.integers(element, {&out.code, 1});
        out.value = valueOf(out.codeAsFloat, out.parameters, out.decoding);
        return out;
    });
}

} // namespace quantscope
