#include "session/apply_problem.h"

#include "dialects/brevitas/presets.h"
#include "items/text.h"
#include "session/session.h"

namespace quantscope {

QString applyProblem(const Session &session, const SlotRef &slot)
{
    if (session.state() != Session::State::Ready || !slot)
        return QObject::tr("The quantizers are not known yet.");
    if (!session.presetsApply())
        return QObject::tr("This file says its quantizers itself (%1): a recipe cannot change them. Open the "
                           "state_dict to choose others.")
            .arg(qs(traitsOf(slot.network->dialect).name));
    if (presetSlot(slot.slot->slot) != Slot::Act && (!slot.slot->tensor || slot.slot->holdsCodes()))
        return QObject::tr(
            "The file holds only quantized values here: there are no float weights to quantize differently.");
    return {};
}

} // namespace quantscope
