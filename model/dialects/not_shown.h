#pragma once

#include "network/network.h"

namespace quantscope {

/// Says what was read and is in no listed slot (rule `not-shown`): a warning for tensors of two or more axes that belong
/// to no layer, a note for those of other parts of the file (optimizer, another set of weights), counted by part, and
/// what the file holds instead where no layer is listed. Holds for every container and dialect.
void noteNotShown(Network &network);

} // namespace quantscope
