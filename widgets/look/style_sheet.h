#pragma once

#include <QString>

namespace quantscope {

struct Colours;

/// The few rules that a palette cannot say. Widgets opt in with a dynamic property: card, chip, primary, segment, bar.
QString styleSheet(const Colours &colours);

} // namespace quantscope
