#pragma once

#include <string_view>
#include <vector>

namespace quantscope {

/// What a called name stands for in a checkpoint. Nothing is called: the arguments alone tell what would come out.
enum class CallRole {
    Unknown,
    Dictionary, ///< OrderedDict and its like
    Sequence, ///< list, set, deque of the first argument
    Itself, ///< returns its first argument
    Reconstructor, ///< copyreg: an object of the class in the first argument
    Subclass, ///< a tensor subclass: (function, class, arguments, state)
    GraphModule, ///< torch.fx: the first argument holds a module's attributes
    Value, ///< a small value without tensors, such as torch.Size
};

CallRole callRole(std::string_view name);
/// Classes whose objects need no mention: they hold nothing but their attributes.
bool isPlainType(std::string_view name);

bool isSparseRebuild(std::string_view name);
/// Names of the tensors that a sparse tensor consists of, in the order of its arguments.
std::vector<std::string_view> sparsePartNames(std::string_view rebuild, std::string_view layout);

} // namespace quantscope
