#pragma once

#include <QObject>
#include <QSize>
#include <QString>

#include <functional>

class QImage;
class QPainter;
class QWidget;

namespace quantscope {

/// What every chart can do: copy as an image, save as PNG and SVG; by context menu and keys.
class ChartActions : public QObject {
    Q_OBJECT
public:
    using Paint = std::function<void(QPainter &, const QSize &)>;
    ChartActions(QWidget *chart, const QString &name, Paint paint);

    QImage image() const;
    /// An error's text, or empty.
    QString savePng(const QString &path) const;
    QString saveSvg(const QString &path) const;

private:
    void save(const QString &suffix);

    QWidget *m_chart;
    QString m_name;
    Paint m_paint;
};

} // namespace quantscope
