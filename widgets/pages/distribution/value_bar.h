#pragma once

#include "analysis/statistics.h"

#include <QWidget>

#include <optional>

class QCheckBox;
class QComboBox;

namespace quantscope {

/// What the value histogram shows: one channel or all, a part around zero, counts or their logarithm.
class ValueBar : public QWidget {
    Q_OBJECT
public:
    explicit ValueBar(QWidget *parent = nullptr);
    /// Offers the channels of a slot, all of them at first.
    void setChannels(const SlotStatistics &statistics);
    bool hasChannels() const;
    std::optional<std::size_t> channel() const;
    int zoom() const;
    bool logarithmic() const;
    /// " and channel = 3" where one is shown (analysis/find_query.h).
    QString channelTerm() const;

Q_SIGNALS:
    void changed();

private:
    QComboBox *m_channel, *m_zoom;
    QCheckBox *m_log;
};

} // namespace quantscope
