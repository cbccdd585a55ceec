#include "session/sweep_families.h"

#include "items/text.h"

#include <algorithm>
#include <iterator>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

struct Family {
    const char *name;
    QString title;
    bool byDefault = false;
};

const std::vector<Family> &table()
{
    static const std::vector<Family> families{{"Int8WeightPerChannelFloat", u"per channel, float"_s, true},
        {"Int8WeightPerTensorFloat", u"per tensor, float"_s, true},
        {"Int8WeightPerTensorFixedPoint", u"per tensor, fixed point"_s, true},
        {"Int8WeightPerChannelFixedPoint", u"per channel, fixed point"_s},
        {"ShiftedUint8WeightPerTensorFloat", u"per tensor, shifted"_s},
        {"ShiftedUint8WeightPerChannelFloat", u"per channel, shifted"_s},
        {"torch_per_tensor_affine", u"per tensor, PyTorch"_s}, {"torch_per_channel_affine", u"per channel, PyTorch"_s}};
    return families;
}

} // namespace

std::vector<std::string> sweepFamilies()
{
    std::vector<std::string> names;
    std::transform(table().begin(), table().end(), std::back_inserter(names),
        [](const Family &family) { return std::string(family.name); });
    return names;
}

std::vector<std::string> defaultFamilies()
{
    std::vector<std::string> names;
    for (const Family &family : table())
        if (family.byDefault)
            names.emplace_back(family.name);
    return names;
}

QString familyTitle(const std::string &name)
{
    const auto found
        = std::find_if(table().begin(), table().end(), [&](const Family &family) { return family.name == name; });
    return found == table().end() ? qs(name) : found->title;
}

} // namespace quantscope
