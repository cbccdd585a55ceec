#include "graph/graph.h"

#include <algorithm>

namespace quantscope {

const Attribute *Node::attribute(std::string_view wanted) const
{
    const auto found
        = std::find_if(attributes.begin(), attributes.end(), [&](const Attribute &a) { return a.name == wanted; });
    return found == attributes.end() ? nullptr : &*found;
}

std::int64_t Node::integer(std::string_view wanted, std::int64_t missing) const
{
    const Attribute *found = attribute(wanted);
    return found != nullptr && found->kind == Attribute::Kind::Int ? found->i : missing;
}

const Node *Graph::producerOf(ValueId id) const
{
    const Value *v = value(id);
    return v != nullptr && v->producer && *v->producer < nodes.size() ? &nodes[*v->producer] : nullptr;
}

} // namespace quantscope
