#pragma once

#include "items/slot_ref.h"

#include <QString>

namespace quantscope {

class Session;

/// Why no candidate can become the recipe of a slot; empty when one can.
QString applyProblem(const Session &session, const SlotRef &slot);

} // namespace quantscope
