#include "pages/values/axis_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QSpinBox>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

AxisBar::AxisBar(QWidget *parent)
    : QWidget(parent)
{
    new FlowLayout(this, 6);
}

void AxisBar::setSlice(const Slice &slice)
{
    const bool same
        = m_slice.shape() == slice.shape() && m_slice.names() == slice.names() && m_axes.size() == slice.rank();
    m_slice = slice;
    if (!same)
        build();
    update();
}

static QString axisWord(const QString &name)
{
    if (name == u"o")
        return AxisBar::tr("output channels");
    return name == u"i" ? AxisBar::tr("input channels") : QString();
}

AxisBar::Axis AxisBar::makeAxis(std::size_t i) const
{
    auto *frame = new QFrame;
    frame->setProperty("chip", true);
    auto *row = new QHBoxLayout(frame);
    row->setContentsMargins(8, 3, 5, 3);
    row->setSpacing(5);
    const QString &name = m_slice.names()[i];
    auto *letter = monoLabel(name);
    letter->setFont(Theme::mono(1.0, true));
    row->addWidget(letter);
    auto *size = dimLabel(groupedText(static_cast<std::uint64_t>(m_slice.shape()[i])));
    size->setToolTip(axisWord(name));
    row->addWidget(size);
    auto *role = new QComboBox;
    role->addItems({tr("rows"), tr("columns"), tr("fixed")});
    setAccessible(role, tr("Role of axis %1").arg(name),
        tr("rows: one axis; columns: one or more, the last runs fastest; fixed: one index"));
    auto *index = new QSpinBox;
    index->setRange(0, static_cast<int>(std::clamp<std::int64_t>(m_slice.shape()[i] - 1, 0, 0x7fffffff)));
    index->setAccelerated(true);
    setAccessible(index, tr("Index of axis %1").arg(name));
    row->addWidget(role);
    row->addWidget(index);
    role->setEnabled(m_slice.rank() > 1);
    return {frame, role, index};
}

void AxisBar::build()
{
    for (const Axis &axis : m_axes)
        delete axis.frame;
    m_axes.clear();
    for (std::size_t i = 0; i < m_slice.rank(); ++i) {
        const Axis axis = makeAxis(i);
        connect(axis.role, &QComboBox::currentIndexChanged, this, [this, i](int at) {
            if (m_updating)
                return;
            m_slice.setRole(i, static_cast<Slice::Role>(at));
            update();
            Q_EMIT changed();
        });
        connect(axis.index, &QSpinBox::valueChanged, this, [this, i](int value) {
            if (m_updating)
                return;
            m_slice.setFixed(i, value);
            Q_EMIT changed();
        });
        layout()->addWidget(axis.frame);
        m_axes.push_back(axis);
    }
}

void AxisBar::update()
{
    m_updating = true;
    for (std::size_t i = 0; i < m_axes.size(); ++i) {
        const bool fixed = m_slice.role(i) == Slice::Role::Fixed;
        m_axes[i].role->setCurrentIndex(m_slice.rank() == 1 ? 1 : static_cast<int>(m_slice.role(i)));
        m_axes[i].index->setVisible(fixed && m_slice.rank() > 1);
        m_axes[i].index->setValue(static_cast<int>(m_slice.fixed(i)));
    }
    m_updating = false;
    layout()->invalidate();
}

bool AxisBar::stepFixed(int by)
{
    for (std::size_t i = 0; i < m_axes.size(); ++i)
        if (m_slice.role(i) == Slice::Role::Fixed && m_slice.shape()[i] > 1) {
            m_axes[i].index->setValue(static_cast<int>(m_slice.fixed(i)) + by);
            return true;
        }
    return false;
}

} // namespace quantscope
