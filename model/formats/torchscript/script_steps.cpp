#include "formats/torchscript/script_steps.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "formats/torchscript/code_tokens.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

ScriptSteps::Open ScriptSteps::open(const CodeTree &tree, std::uint32_t line)
{
    if (++m_steps > kCodeLimits.steps)
        failInCode(
            tree.file, line, fmt::format("its calls are more than {} statements and expressions", kCodeLimits.steps));
    if (m_depth >= kCodeLimits.depth)
        failInCode(tree.file, line, "its calls are nested too deep, or call themselves");
    return Open(m_depth);
}

ScriptSteps::Open ScriptSteps::open(const std::string &object)
{
    if (m_depth >= kCodeLimits.depth)
        throw ParseError(fmt::format("'{}' holds objects in objects too deep, or itself: the archive is damaged, write "
                                     "it again with torch.jit.save",
            printable(object.substr(0, 100))));
    return Open(m_depth);
}

void ScriptSteps::weigh(const ScriptValue &value)
{
    const std::size_t items = value.items == nullptr ? 0 : std::max<std::size_t>(value.size, value.items->size());
    weigh(value.text.size() + items);
}

void ScriptSteps::weigh(std::size_t parts)
{
    constexpr std::size_t kPerStep = 16;
    m_steps += parts / kPerStep;
}

} // namespace quantscope
