#include "window/work_splitter.h"

#include <algorithm>

namespace quantscope {

static constexpr int kEnoughForPages = 800;

int usualLeft(int width) { return std::clamp(width * 38 / 100, kMinimumLeft, 548); }

WorkSplitter::WorkSplitter(QWidget *parent)
    : QSplitter(Qt::Horizontal, parent)
{
    connect(this, &QSplitter::splitterMoved, this, [this](int left) { m_wished = left; });
}

void WorkSplitter::resizeEvent(QResizeEvent *event)
{
    QSplitter::resizeEvent(event);
    const QList<int> now = sizes();
    if (now.size() != 2)
        return;
    const int both = now[0] + now[1];
    m_wished = std::max(m_wished, now[0]);
    const int left = both - m_wished < kEnoughForPages ? std::min(m_wished, usualLeft(width())) : m_wished;
    if (left != now[0])
        setSizes({left, both - left});
}

} // namespace quantscope
