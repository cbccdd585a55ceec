#include "session/sweep_families.h"

#include "items/text.h"
#include "lab/families.h"

namespace quantscope {

std::vector<std::string> sweepFamilies()
{
    std::vector<std::string> names;
    for (const SweepFamily &family : weightFamilies())
        names.emplace_back(family.name);
    return names;
}

std::vector<std::string> defaultFamilies()
{
    std::vector<std::string> names;
    for (const SweepFamily &family : weightFamilies())
        if (family.byDefault)
            names.emplace_back(family.name);
    return names;
}

QString familyTitle(const std::string &family) { return qs(weightFamilyTitle(family)); }

} // namespace quantscope
