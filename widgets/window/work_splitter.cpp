#include "window/work_splitter.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

static constexpr int kEnoughForPages = 800;

int usualLeft(int width) { return std::clamp(width * 38 / 100, kMinimumLeft, 548); }

WorkSplitter::WorkSplitter(QWidget *parent)
    : QSplitter(Qt::Horizontal, parent)
{
    connect(this, &QSplitter::splitterMoved, this,
        [this](int left) { m_share = width() > 0 ? std::optional(static_cast<double>(left) / width()) : m_share; });
}

void WorkSplitter::setShare(std::optional<double> share)
{
    m_share = share ? std::optional(std::clamp(*share, 0.05, 0.95)) : std::nullopt;
    place();
}

void WorkSplitter::place()
{
    const QList<int> now = sizes();
    if (now.size() != 2)
        return;
    const int both = now[0] + now[1];
    if (both <= 0)
        return;
    const int wished = m_share ? static_cast<int>(std::lround(*m_share * width())) : usualLeft(width());
    const int left = both - wished < kEnoughForPages ? std::min(wished, usualLeft(width())) : wished;
    if (left != now[0])
        setSizes({left, both - left});
}

void WorkSplitter::resizeEvent(QResizeEvent *event)
{
    QSplitter::resizeEvent(event);
    place();
}

int shareOfSecond(const QSplitter &splitter)
{
    const QList<int> sizes = splitter.sizes();
    const int both = sizes.size() == 2 ? sizes[0] + sizes[1] : 0;
    return both > 0 ? sizes[1] * 1000 / both : 0;
}

void setShareOfSecond(QSplitter &splitter, int permille)
{
    const int second = std::clamp(permille, 50, 950);
    splitter.setSizes({1000 - second, second}); // only how they compare matters
}

} // namespace quantscope
