var settings = {
  path: '/',

  dist: "/usr/share/ecss/ecss-crm-server/frontend/dist",

  // Адрес шлюза (nginx), по которому Битрикс24 и браузеры сотрудников открывают сервер.
  // С него начинаются все ссылки и адрес карточки звонка: <proxyGatewayURL>/call/call.html
  // Если его нет, они начинаются с https://<serverHost>:<httpsPort> и path.
  proxyGatewayURL: "https://@URL_HOST@:@HTTPS_PORT@/bitrix",

  // true: слушать Unix-сокеты, для работы через шлюз на этой же машине.
  // false: слушать порты httpPort и httpsPort.
  useUnixSockets: true,
  httpUnixSocket: "/var/lib/ecss/ecss-crm-server/http",
  httpsUnixSocket: "/var/lib/ecss/ecss-crm-server/https",

  // С адресом 0.0.0.0 карточку звонка нельзя встроить в Битрикс24.
  serverHost: "@SERVER_HOST@",
  //httpPort: process.env.HTTP_PORT || @HTTP_PORT@,
  //httpsPort: process.env.HTTPS_PORT || @HTTPS_PORT@,

  // Ключ и сертификат сервера; шлюз, установленный пакетом, пользуется ими же.
  sslKeyFilename: "/usr/share/ecss/ecss-crm-server/key.pem",
  sslCertFilename: "/usr/share/ecss/ecss-crm-server/cert.pem",

  // Если сервер обслуживает одну компанию: код и ключ её локального приложения.
  // bitrixClientId: "some client id",
  // bitrixClientSecret: "some client secret",
  bitrixTokenHost: "https://oauth.bitrix.info",

  // error, warn, info, http, verbose, debug, silly. Для поиска неисправностей: 'debug'.
  logLevel: 'warn',
  defaultLogFile: '/var/log/ecss/ecss-crm-server/default.log',
  errorLogFile: '/var/log/ecss/ecss-crm-server/error.log',
  logToConsole: false,

  // true: встроить карточку звонка заново; потом верните false.
  rebindPlacement: false
};

module.exports = settings;
