#include "export/export_step.h"

#include <fmt/format.h>

namespace quantscope {

std::string stepText(const ExportStep &step)
{
    const std::string others = step.others > 0 ? fmt::format(" and {} more", step.others) : std::string();
    return fmt::format("{} {}{}, {} of {}", step.doing, step.file, others, step.number, step.of);
}

} // namespace quantscope
