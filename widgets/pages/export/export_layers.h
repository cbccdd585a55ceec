#pragma once

#include <QWidget>

#include <string>
#include <vector>

class QLabel;
class QPushButton;

namespace quantscope {

class Session;

/// Which layers are written: the selected ones with a quantized tensor, and by one click all of the model.
class ExportLayers : public QWidget {
    Q_OBJECT
public:
    explicit ExportLayers(Session &session, QWidget *parent = nullptr);
    std::vector<std::string> chosen() const;
    void refresh();

Q_SIGNALS:
    void allChosen();

private:
    QStringList all() const;
    void chooseAll();

    Session &m_session;
    QLabel *m_text;
    QPushButton *m_all;
};

} // namespace quantscope
