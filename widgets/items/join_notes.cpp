#include "items/join_notes.h"

namespace quantscope {

std::vector<JoinNote> joinNotes(const Network &network)
{
    Q_UNUSED(network);
    return {};
}

} // namespace quantscope
