#include "pages/distribution/value_bar.h"

#include "look/controls.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

ValueBar::ValueBar(QWidget *parent)
    : QWidget(parent)
    , m_channel(new QComboBox(this))
    , m_zoom(new QComboBox(this))
    , m_log(new QCheckBox(tr("log count"), this))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_channel->setObjectName(u"value-channel"_s);
    m_channel->setAccessibleName(tr("Channel"));
    m_channel->setToolTip(plainTip(tr("The output channel whose weights are counted")));
    m_zoom->setObjectName(u"value-zoom"_s);
    m_zoom->setAccessibleName(tr("Zoom"));
    m_zoom->setToolTip(plainTip(tr("Which part of the range around zero is binned")));
    for (const int factor : {1, 2, 4, 8, 16, 32})
        m_zoom->addItem(factor == 1 ? tr("whole range") : tr("%1 x").arg(factor), factor);
    m_log->setObjectName(u"value-log"_s);
    m_log->setToolTip(plainTip(tr("A logarithmic axis, which shows a bar of one element too")));
    for (QWidget *widget :
        {static_cast<QWidget *>(m_channel), static_cast<QWidget *>(m_zoom), static_cast<QWidget *>(m_log)})
        row->addWidget(widget);
    hide();
    connect(m_channel, &QComboBox::activated, this, &ValueBar::changed);
    connect(m_zoom, &QComboBox::activated, this, &ValueBar::changed);
    connect(m_log, &QCheckBox::toggled, this, &ValueBar::changed);
}

void ValueBar::setChannels(const SlotStatistics &statistics)
{
    static constexpr std::size_t kMostChannels = 4096;
    m_channel->clear();
    m_channel->addItem(tr("all channels"));
    const std::size_t count = statistics.channels.size() > 1 ? std::min(statistics.channels.size(), kMostChannels) : 0;
    for (std::size_t c = 0; c < count; ++c)
        m_channel->addItem(tr("channel %1").arg(c));
}

bool ValueBar::hasChannels() const { return m_channel->count() > 0; }

std::optional<std::size_t> ValueBar::channel() const
{
    return m_channel->currentIndex() > 0 ? std::optional(static_cast<std::size_t>(m_channel->currentIndex() - 1))
                                         : std::nullopt;
}

int ValueBar::zoom() const { return m_zoom->currentData().toInt(); }

bool ValueBar::logarithmic() const { return m_log->isChecked(); }

QString ValueBar::channelTerm() const { return channel() ? u" and channel = %1"_s.arg(*channel()) : QString(); }

} // namespace quantscope
